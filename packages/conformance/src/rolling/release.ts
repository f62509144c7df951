import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Entity } from "@cachepact/wire";
import { scratchContract } from "../scratch-contract.ts";

/** An entity as code sees it that does not know its types. */
export type AnyEntity = Entity<object, object>;

/** One release of a contract, generated for both languages and installed in a folder of its own. */
export interface Release {
  readonly name: string;
  /** Its `cachepact.json`. */
  readonly config: string;
  readonly folder: string;
  /** The entities of its generated TypeScript, by message name. */
  readonly entities: Readonly<Record<string, AnyEntity>>;
  /** Removes the folder. */
  close(): void;
}

/**
 * Generates a release by the real compiler and makes it importable from where it lies, outside this repository, as an
 * installed package would be.
 *
 * @param messages the entities to load, by message name
 */
export async function installRelease(
  name: string,
  proto: string,
  messages: readonly string[],
  config: Readonly<Record<string, unknown>> = {},
): Promise<Release> {
  const contract = await scratchContract({ protos: { "roll/v1/roll.proto": proto }, config });
  const { folder } = contract;
  const module = await importContract(folder);
  const entities = Object.fromEntries(messages.map((message) => [message, entityOf(module, message)]));
  return { name, config: contract.config, folder, entities, close: () => contract.close() };
}

/**
 * Makes the generated TypeScript of a contract folder importable, by this process and by others, as that of an installed
 * package is, and imports it.
 */
export async function importContract(folder: string): Promise<Readonly<Record<string, unknown>>> {
  writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }\n');
  const scope = path.join(folder, "node_modules", "@cachepact");
  mkdirSync(scope, { recursive: true });
  symlinkSync(wireFolder(), path.join(scope, "wire"));
  return import(/* @vite-ignore */ pathToFileURL(path.join(folder, "src/gen/index.ts")).href);
}

/** An entity of generated code. @throws {TypeError} it has none of that name */
export function entityOf(module: Readonly<Record<string, unknown>>, message: string): AnyEntity {
  const entity = module[message];
  if (typeof entity !== "object" || entity === null) throw new TypeError(`the release has no entity ${message}`);
  return entity as AnyEntity;
}

function wireFolder(): string {
  // The vocabulary is exported as it lies, whatever the export conditions are.
  const file = createRequire(import.meta.url).resolve("@cachepact/wire/vocabulary/errors.json");
  return path.dirname(path.dirname(file));
}
