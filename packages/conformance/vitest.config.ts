import { packageTests } from "@cachepact/vitest-config";

const config: ReturnType<typeof packageTests> = packageTests();

export default config;
