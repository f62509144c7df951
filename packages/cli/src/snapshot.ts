import { CONFIG_FILE_NAME, snapshot } from "@cachepact/compiler";
import { Command } from "commander";

import type { Output } from "./run.ts";

/** `cachepact snapshot`: keeps the contract that is being released. */
export function snapshotCommand(stdout: Output): Command {
  return new Command("snapshot")
    .summary("write the contract that is being released into its history")
    .description(
      "Checks the contract as `cachepact check` does and, when nothing is refused, writes it into the history: the only " +
        "command that writes there. Run it once for each release, before its programs are deployed, and commit what it writes.",
    )
    .requiredOption("--release <name>", "name of the release, such as 1.4.0")
    .option("--config <path>", `the configuration, or the folder that holds ${CONFIG_FILE_NAME}`, CONFIG_FILE_NAME)
    .option(
      "--drained <entity@generation>",
      "say that no write-behind event of that generation is left in any stream (may be repeated)",
      (value: string, earlier: readonly string[]) => [...earlier, value],
      [] as readonly string[],
    )
    .addHelpText(
      "after",
      "\nExit code: 0 when the snapshot is written, 1 when the contract is refused or after an error.",
    )
    .action(async ({ config, release, drained }: { config: string; release: string; drained: readonly string[] }) => {
      const { file, entities, warnings } = await snapshot(config, { release, drained });
      for (const { rule, entity, change } of warnings)
        stdout.write(`warning: ${entity ?? "contract"}: ${change} (${rule})\n`);
      stdout.write(`wrote ${file}: ${entities} ${entities === 1 ? "entity" : "entities"}\n`);
    });
}
