import { packageTests } from "@cachepact/vitest-config";
import type { ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = packageTests();
export default config;
