import { readdirSync, statSync } from "node:fs";
import path from "node:path";

import { type Config, shown } from "./config.ts";
import { CompileError } from "./errors.ts";
import { type History, readHistory } from "./history.ts";
import { compare } from "./problems.ts";

/**
 * Refuses a contract that looks as if it was never released, while a folder beside its configuration holds its history:
 * without the name of that folder, or with another, nothing would hold it to what is in Redis.
 * @throws {CompileError} `E_HISTORY`
 */
export function refuseOrphanedHistory(config: Config, history: History, entities: ReadonlySet<string>): void {
  if (history.releases.length > 0) return;
  const problems = foldersBeside(config).flatMap((folder) => {
    const last = releasesIn(config, folder).at(-1);
    const own = Object.keys(last?.lock.entities ?? {}).find((entity) => entities.has(entity));
    if (last === undefined || own === undefined) return [];
    const name = shown(config, folder);
    return [
      `${name}: holds the releases of ${own} up to ${last.release}, but "history" of ${path.basename(config.file)} does not name it; set "history": ${JSON.stringify(name)}`,
    ];
  });
  if (problems.length > 0) throw new CompileError("E_HISTORY", "the contract has lost its history", problems);
}

function foldersBeside({ folder }: Config): readonly string[] {
  return readdirSync(folder)
    .toSorted(compare)
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isDirectory() === true);
}

/** None when the folder is no history, or one that was edited: it is not ours to judge then. */
function releasesIn(config: Config, history: string): History["releases"] {
  try {
    return readHistory({ folder: config.folder, history }).releases;
  } catch (error) {
    if (error instanceof CompileError) return [];
    throw error;
  }
}
