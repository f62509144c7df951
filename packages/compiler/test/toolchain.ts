import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
type Tool = "biome" | "node" | "python" | "tsc";

const commands: Readonly<Record<Tool, readonly [string, ...string[]]>> = {
  biome: [`${root}node_modules/.bin/biome`],
  node: [process.execPath, "--conditions=@cachepact/source"],
  python: [`${root}.venv/bin/python`],
  tsc: [`${root}node_modules/.bin/tsc`],
};

/** Folder of a package of this repository. */
export function packageFolder(name: "wire"): string {
  return `${root}packages/${name}`;
}

/** The settings that every TypeScript package of this repository compiles with. */
export const TSCONFIG: string = `${root}tsconfig.base.json`;

/** Runs a tool of this repository in a folder; the result is what it printed, with its exit code if that is not 0. */
export function tool(name: Tool, args: readonly string[], cwd: string): string {
  const [command, ...first] = commands[name];
  const { status, stdout, stderr, error } = spawnSync(command, [...first, ...args], { cwd, encoding: "utf8" });
  if (error !== undefined) throw error;
  return `${stdout}${stderr}${status === 0 ? "" : `\nexit code ${status}`}`.trim();
}
