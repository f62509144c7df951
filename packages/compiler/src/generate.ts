import { type Contract, compileContract } from "./compile.ts";
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
  return outputOf(config, await compileAll(config)).write();
}

/**
 * Compares what `generate` would write with what is there; writes nothing.
 * @throws {CompileError} `E_GENERATED` with the files that differ; `E_CONFIG`, `E_PROTO`
 */
export async function checkGenerated(configPath: string): Promise<Generated> {
  const config = loadConfig(configPath);
  const found = outputOf(config, await compileAll(config)).compare();
  const problems = [
    ...found.written.map((file) => `${file}: differs from what its proto gives`),
    ...found.removed.map((file) => `${file}: its proto is gone`),
  ];
  if (problems.length === 0) return found;
  throw new CompileError(
    "E_GENERATED",
    "generated files are out of date; run cachepact generate and commit its output",
    problems,
  );
}

function compileAll(config: Config): Promise<Contract> {
  return compileContract(config, (contract, problems) => {
    if (config.typescript !== undefined || config.python !== undefined) checkNames(contract, problems);
    if (config.typescript !== undefined) checkTypeScriptModules(contract, problems);
    if (config.python !== undefined) checkPythonModules(contract, problems);
  });
}

function outputOf(config: Config, contract: Contract): OutputTree {
  const tree = new OutputTree(config);
  tree.addLock(config.lock, `${jcs(contract.lock)}\n`);
  if (config.typescript !== undefined) tree.addFolder(config.typescript.out, generateTypeScript(contract));
  if (config.python !== undefined) tree.addFolder(config.python.out, generatePython(contract));
  return tree;
}
