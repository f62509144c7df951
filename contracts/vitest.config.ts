import { packageTests } from "@cachepact/vitest-config";

export default packageTests();
