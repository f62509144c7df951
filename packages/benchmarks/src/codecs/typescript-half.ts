import { createRequire } from "node:module";
import process from "node:process";

import { checkRoundTrips } from "./check-round-trips.ts";
import { measure, type Rounds } from "./measure.ts";
import type { LanguageRun } from "./measurement.ts";
import { ours } from "./ours.ts";
import { peers } from "./peers.ts";

const require = createRequire(import.meta.url);

/**
 * Checks and measures the contenders of TypeScript, in this process.
 *
 * @throws {Error} when a contender does not give back what it was given
 */
export function measureTypeScript(rounds: Rounds, progress: (round: number) => void): LanguageRun {
  const contenders = [...peers(), ...ours()];
  checkRoundTrips(contenders);
  return { language: "TypeScript", versions: versions(), contenders: measure(contenders, rounds, progress) };
}

function versions(): Readonly<Record<string, string>> {
  const libraries = ["msgpackr", "@msgpack/msgpack", "protobufjs"].map((name) => [name, versionOf(name)] as const);
  return { "Node.js": process.versions.node, ...Object.fromEntries(libraries) };
}

/** Not every library exports its manifest: it lies beside or above its entry point. */
function versionOf(name: string): string {
  const entry = require.resolve(name);
  const folder = entry.slice(0, entry.lastIndexOf(`node_modules/${name}`) + `node_modules/${name}`.length);
  const { version } = require(`${folder}/package.json`) as { readonly version: string };
  return version;
}
