import { fileURLToPath } from "node:url";
import { type LuaScript, luaScripts } from "../../scripts/lua-script.ts";

/** Where the scripts and their parts lie. */
export const luaFolder: string = fileURLToPath(new URL("../../lua/", import.meta.url));

/** The scripts as the generator splices them. */
export const scripts: ReadonlyMap<string, LuaScript> = new Map(
  luaScripts(luaFolder).map((script) => [script.name, script]),
);
