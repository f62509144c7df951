import { packageTests } from "@cachepact/vitest-config";
import type { ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = packageTests({ needsCodeGeneration: ["test/codec-oracle.test.ts"] });

export default config;
