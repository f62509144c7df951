import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One Lua script with its parts spliced in, as clients send it. */
export interface LuaScript {
  readonly name: string;
  /** What EVALSHA takes: SHA-1 of the source, in hex. */
  readonly sha1: string;
  readonly source: string;
  /** Names of KEYS[1], KEYS[2] … by the header comment. */
  readonly keys: readonly string[];
  readonly argv: readonly string[];
}

const INCLUDE = /^-- include: (_[a-z0-9-]+\.lua)$/;

/** Reads `lua/<name>.lua`; a line `-- include: _part.lua` is replaced by that part. Parts do not include parts. */
function splice(folder: string, file: string): string {
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  const spliced = lines.map((line) => {
    const part = INCLUDE.exec(line)?.[1];
    return part === undefined ? line : readFileSync(join(folder, part), "utf8").replace(/\n$/, "");
  });
  return spliced.join("\n");
}

/** The names in the header comment: `-- KEYS[1] value: the entry`. A later line of the same number is not a name. */
function declared(source: string, table: "KEYS" | "ARGV"): string[] {
  const names: string[] = [];
  for (const line of source.split("\n")) {
    if (line.startsWith("#!")) continue;
    if (!line.startsWith("--")) break;
    const [, index, name] = new RegExp(`^--\\s+${table}\\[(\\d+)\\]\\s+([A-Za-z_][A-Za-z0-9_]*)`).exec(line) ?? [];
    if (name !== undefined && Number(index) === names.length + 1) names.push(name);
  }
  return names;
}

/** Every script of `folder`, by name. */
export function luaScripts(folder: string): LuaScript[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".lua") && !file.startsWith("_"));
  return files.toSorted().map((file) => {
    const source = splice(folder, file);
    return {
      name: file.slice(0, -".lua".length),
      sha1: createHash("sha1").update(source).digest("hex"),
      source,
      keys: declared(source, "KEYS"),
      argv: declared(source, "ARGV"),
    };
  });
}
