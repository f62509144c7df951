import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Entity } from "@cachepact/wire";
import { generate } from "../src/index.ts";
import { put } from "./scratch-contract.ts";
import { packageFolder } from "./toolchain.ts";

const fixtures = fileURLToPath(new URL("fixtures/", `file://${packageFolder("wire")}/`));

/** A contract whose TypeScript was generated into a folder of its own, and loaded from there. */
export interface GeneratedContract {
  readonly folder: string;
  /** By name. */
  readonly entities: ReadonlyMap<string, Entity<object, object>>;
  remove(): void;
}

/** Generates and loads the TypeScript of protos, by their import paths. */
export async function generatedContract(protos: Readonly<Record<string, string>>): Promise<GeneratedContract> {
  const folder = mkdtempSync(path.join(tmpdir(), "cachepact-generated-"));
  put(folder, {
    "cachepact.json": JSON.stringify({ protos: ["proto"], lock: "lock.json", typescript: { out: "src/gen" } }),
    "package.json": '{ "type": "module" }',
    ...Object.fromEntries(Object.entries(protos).map(([name, text]) => [`proto/${name}`, text])),
  });
  mkdirSync(path.join(folder, "node_modules/@cachepact"), { recursive: true });
  symlinkSync(packageFolder("wire"), path.join(folder, "node_modules/@cachepact/wire"));
  await generate(folder);
  const index = pathToFileURL(path.join(folder, "src/gen/index.ts")).href;
  const exported = (await import(/* @vite-ignore */ index)) as Readonly<Record<string, unknown>>;
  const entities = Object.values(exported).filter(isEntity);
  return {
    folder,
    entities: new Map(entities.map((entity) => [entity.record.entity, entity])),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The golden contract of the fixtures, generated. */
export function goldenContract(): Promise<GeneratedContract> {
  const proto = path.join(fixtures, "contract/proto");
  const names = readdirSync(proto, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".proto"));
  return generatedContract(
    Object.fromEntries(names.map((name) => [name, readFileSync(path.join(proto, name), "utf8")])),
  );
}

function isEntity(exported: unknown): exported is Entity<object, object> {
  return typeof exported === "object" && exported !== null && "record" in exported;
}

export interface FixtureCase {
  readonly kind: string;
  readonly name: string;
  readonly entity: string;
  readonly [field: string]: unknown;
}

/** The cases of one kind of a fixture file of the wire. */
export function fixtureCases(name: "entries" | "values", kind: string): readonly FixtureCase[] {
  const file = JSON.parse(readFileSync(path.join(fixtures, `${name}.json`), "utf8")) as { cases: FixtureCase[] };
  return file.cases.filter((each) => each.kind === kind);
}
