export { type CheckOptions, type CheckReport, check } from "./check.ts";
export type { Finding } from "./compatibility/finding.ts";
export type { Rule } from "./compatibility/rules.ts";
export { compile } from "./compile.ts";
export { CONFIG_FILE_NAME, type Config, loadConfig } from "./config.ts";
export { CompileError, type CompileErrorCode } from "./errors.ts";
export { checkGenerated, generate } from "./generate.ts";
export type { Generated } from "./output.ts";
export { type Snapshot, type SnapshotOptions, snapshot } from "./snapshot.ts";
