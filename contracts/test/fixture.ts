import { readdirSync, readFileSync } from "node:fs";
import type { NeutralMembers } from "@cachepact/wire/testing";

/** One golden entry; fixtures/README.md says what its members mean. */
export interface GoldenEntry {
  readonly name: string;
  readonly why: string;
  readonly value: NeutralMembers;
  readonly key: NeutralMembers;
  readonly redis_key: string;
  readonly payload: string;
  readonly entry: string;
  readonly stale_at_ms?: number;
  readonly created_at_ms?: number;
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
