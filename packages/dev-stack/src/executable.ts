import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** True when the path is a file that this process may run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first folder of PATH (then of `more`) that holds an executable of this name. */
export function onPath(name: string, more: readonly string[] = []): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...more].filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}
