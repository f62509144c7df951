import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * The folder that holds `.dev`: `CACHEPACT_DEV_DIR` if set, else the nearest folder above `from` (itself included)
 * with a `pnpm-workspace.yaml`, so that all packages of a workspace share one stack, else `from`.
 */
export function rootFolder(from: string = process.cwd()): string {
  const given = process.env["CACHEPACT_DEV_DIR"];
  const root = given ? resolve(from, given) : (workspaceAbove(from) ?? resolve(from));
  // One name for one folder: servers are recognised by the path of their data.
  return existsSync(root) ? realpathSync(root) : root;
}

/** The nearest folder above `from` (itself included) with a `pnpm-workspace.yaml`. */
export function workspaceAbove(from: string): string | null {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "pnpm-workspace.yaml"))) return folder;
    if (folder === dirname(folder)) return null;
  }
}
