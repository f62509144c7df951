export { compile } from "./compile.ts";
export { CONFIG_FILE_NAME, type Config, loadConfig } from "./config.ts";
export { CompileError, type CompileErrorCode } from "./errors.ts";
export { checkGenerated, generate } from "./generate.ts";
export type { Generated } from "./output.ts";
