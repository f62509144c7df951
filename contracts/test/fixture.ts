import { readdirSync, readFileSync } from "node:fs";
import type { EntityRecord, Field } from "@cachepact/wire";

/** One golden entry; fixtures/README.md says what its members mean. */
export interface GoldenEntry {
  readonly name: string;
  readonly why: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly key: Readonly<Record<string, unknown>>;
  readonly redis_key: string;
  readonly payload: string;
  readonly entry: string;
  readonly stale_at_ms?: number;
  readonly version?: number;
  readonly dirty?: boolean;
}

export interface FixtureFile {
  readonly format: number;
  readonly entity: string;
  readonly count: number;
  readonly cases: readonly GoldenEntry[];
}

const folder = new URL("../fixtures/", import.meta.url);

/** Every fixture file, by the name of its entity. */
export function fixtureFiles(): ReadonlyMap<string, FixtureFile> {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return new Map(
    names.map((name) => [
      name.slice(0, -".json".length),
      JSON.parse(readFileSync(new URL(name, folder), "utf8")) as FixtureFile,
    ]),
  );
}

const LONG: ReadonlySet<unknown> = new Set(["int64", "uint64", "sint64"]);

/** A value of this language from its neutral form, on purpose without a line of the code under test. */
export function nativeValue(record: EntityRecord, neutral: GoldenEntry["value"]): object {
  return Object.fromEntries(
    Object.entries(neutral).map(([name, member]) => {
      const field = record.schema.fields.find((each) => each.name === name);
      if (field === undefined) throw new Error(`${record.entity} has no field ${name}`);
      return [camelCase(name), nativeMember(field, member)];
    }),
  );
}

/** The parameters of a key from their neutral form. */
export function nativeKey(record: EntityRecord, neutral: GoldenEntry["key"]): object {
  return nativeValue(record, neutral);
}

function nativeMember(field: Field, member: unknown): unknown {
  if (field.presence === "repeated") return (member as readonly unknown[]).map((each) => nativeSingle(field, each));
  if (field.presence !== "map") return nativeSingle(field, member);
  const map = Object.create(null) as Record<string, unknown>;
  for (const [name, each] of member as readonly (readonly [string, unknown])[]) map[name] = nativeSingle(field, each);
  return map;
}

function nativeSingle({ type, jstype }: Field, member: unknown): unknown {
  if (LONG.has(type)) return jstype === "number" ? Number(member) : BigInt(String(member));
  if (type !== "timestamp") return member;
  const [seconds, nanos] = member as readonly [number, number];
  return seconds * 1000 + nanos / 1_000_000;
}

function camelCase(name: string): string {
  return name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
