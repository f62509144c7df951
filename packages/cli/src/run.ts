import { readFileSync } from "node:fs";

import { CompileError } from "@cachepact/compiler";
import { Command, CommanderError } from "commander";

import { checkCommand } from "./check.ts";
import { generateCommand } from "./generate.ts";
import { snapshotCommand } from "./snapshot.ts";

/** Where a command prints: `process.stdout` and `process.stderr`, or a test's. */
export interface Output {
  write(text: string): unknown;
}

/**
 * Runs one `cachepact` command line.
 *
 * Results go to `stdout`, errors as `E_X: …` to `stderr`.
 * @returns the exit code: 0, or 1 after an error
 */
export async function run(args: readonly string[], stdout: Output, stderr: Output): Promise<number> {
  const program = new Command("cachepact")
    .description("One cache contract for every service: compiles contract .proto files and looks after them.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(`E_OPTION: ${text.replace(/^error: /, "")}`),
    })
    .showHelpAfterError("Run cachepact --help for the commands and their options.");
  for (const command of [generateCommand, checkCommand, snapshotCommand]) {
    program.addCommand(command(stdout).copyInheritedSettings(program));
  }
  if (args.length === 0) {
    stdout.write(program.helpInformation());
    return 0;
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (!(error instanceof CompileError)) throw error;
    stderr.write(`${error.message}\n`);
    return 1;
  }
}

function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const json: unknown = JSON.parse(manifest);
  return typeof json === "object" && json !== null && "version" in json ? String(json.version) : "unknown";
}
