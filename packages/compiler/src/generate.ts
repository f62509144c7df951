import type { Sources } from "./buf.ts";
import { buildContract, type Contract, compileSources } from "./compile.ts";
import { type Config, loadConfig } from "./config.ts";
import { CompileError } from "./errors.ts";
import { jcs } from "./jcs.ts";
import { checkNames } from "./names.ts";
import { type Generated, OutputTree } from "./output.ts";
import { checkPythonModules, generatePython } from "./python.ts";
import { checkTypeScriptModules, generateTypeScript } from "./typescript.ts";

/**
 * Compiles a contract folder and writes its lock, TypeScript and Python; files that are up to date stay untouched, and
 * generated files whose proto is gone are removed.
 * @param configPath a `cachepact.json`, or the folder that holds it
 * @throws {CompileError} `E_CONFIG`, `E_PROTO`; nothing is written then
 */
export async function generate(configPath: string): Promise<Generated> {
  const config = loadConfig(configPath);
  return outputOf(config, compileAll(config, await buildContract(config))).write();
}

/**
 * Compares what `generate` would write with what is there; writes nothing.
 * @throws {CompileError} `E_GENERATED` with the files that differ; `E_CONFIG`, `E_PROTO`
 */
export async function checkGenerated(configPath: string): Promise<Generated> {
  const config = loadConfig(configPath);
  const found = outputOf(config, compileAll(config, await buildContract(config))).compare();
  const problems = outdated(found).map(({ file, found: what }) => `${file}: ${what}`);
  if (problems.length === 0) return found;
  throw new CompileError(
    "E_GENERATED",
    "generated files are out of date; run cachepact generate and commit its output",
    problems,
  );
}

/** Files that `generate` would write or remove, and what is wrong with each. */
export function outdated({
  written,
  removed,
}: Generated): readonly { readonly file: string; readonly found: string }[] {
  return [
    ...written.map((file) => ({ file, found: "differs from what its proto gives" })),
    ...removed.map((file) => ({ file, found: "its proto is gone" })),
  ];
}

/**
 * Compiles built sources for every output that the configuration asks for.
 * @throws {CompileError} `E_PROTO` with every problem
 */
export function compileAll(config: Config, sources: Sources): Contract {
  return compileSources(config, sources, (contract, problems) => {
    if (config.typescript !== undefined || config.python !== undefined) checkNames(contract, problems);
    if (config.typescript !== undefined) checkTypeScriptModules(contract, problems);
    if (config.python !== undefined) checkPythonModules(contract, problems);
  });
}

/** The files that `generate` gives. */
export function outputOf(config: Config, contract: Contract): OutputTree {
  const tree = new OutputTree(config);
  tree.addLock(config.lock, `${jcs(contract.lock)}\n`);
  if (config.typescript !== undefined) tree.addFolder(config.typescript.out, generateTypeScript(contract));
  if (config.python !== undefined) tree.addFolder(config.python.out, generatePython(contract));
  return tree;
}
