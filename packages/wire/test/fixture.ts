import { readFileSync } from "node:fs";
import type { ContractLock, EntityRecord } from "@cachepact/wire";

const folder = new URL("../fixtures/", import.meta.url);

export interface Case {
  readonly kind: string;
  readonly name: string;
  readonly why: string;
  readonly [field: string]: unknown;
}

interface FixtureFile {
  readonly format: number;
  readonly count: number;
  readonly cases: readonly Case[];
}

/** The cases of a fixture file; `count` in the file must be their exact number. */
export function fixtures(name: string): readonly Case[] {
  const file = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")) as FixtureFile;
  if (file.format !== 1) throw new Error(`${name}.json: format ${file.format}`);
  if (file.cases.length !== file.count)
    throw new Error(`${name}.json: ${file.cases.length} cases, count ${file.count}`);
  const names = file.cases.map((each) => each.name);
  const twice = names.find((each, at) => names.indexOf(each) !== at);
  if (twice !== undefined) throw new Error(`${name}.json: ${twice} stands there twice`);
  const silent = file.cases.find((each) => typeof each.why !== "string" || each.why === "");
  if (silent !== undefined) throw new Error(`${name}.json: ${silent.name} does not say why`);
  return file.cases;
}

export function ofKind(name: string, kind: string): readonly Case[] {
  return fixtures(name).filter((each) => each.kind === kind);
}

const lock = JSON.parse(readFileSync(new URL("contract/contracts.lock.json", folder), "utf8")) as ContractLock;

export const entities: ContractLock["entities"] = lock.entities;

export function entityRecord(name: unknown): EntityRecord {
  const record = lock.entities[String(name)];
  if (record === undefined) throw new Error(`no entity ${String(name)} in the golden contract`);
  return record;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function unhex(text: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(String(text), "hex"));
}
