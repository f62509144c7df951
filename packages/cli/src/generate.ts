import { CONFIG_FILE_NAME, checkGenerated, type Generated, generate } from "@cachepact/compiler";
import { Command } from "commander";

import type { Output } from "./run.ts";

/** `cachepact generate`: protos -> lock, TypeScript, Python. */
export function generateCommand(stdout: Output): Command {
  return new Command("generate")
    .summary("compile the contract's protos into its lock, TypeScript and Python")
    .description(
      "Compiles the .proto files that the configuration names and writes the lock, TypeScript and Python that it asks " +
        "for. Files that are up to date stay untouched; generated files whose proto is gone are removed.",
    )
    .option("--config <path>", `the configuration, or the folder that holds ${CONFIG_FILE_NAME}`, CONFIG_FILE_NAME)
    .option("--check", "write nothing; fail with the list of files that differ (for CI)")
    .addHelpText(
      "after",
      "\nExit code: 0 when done or up to date, 1 after an error, which names each problem and its way out.",
    )
    .action(async ({ config, check }: { config: string; check?: true }) => {
      report(await (check ? checkGenerated(config) : generate(config)), stdout);
    });
}

function report({ written, removed, unchanged }: Generated, stdout: Output): void {
  for (const file of written) stdout.write(`wrote ${file}\n`);
  for (const file of removed) stdout.write(`removed ${file}\n`);
  if (unchanged.length > 0) {
    stdout.write(`${unchanged.length} ${unchanged.length === 1 ? "file is" : "files are"} up to date\n`);
  }
}
