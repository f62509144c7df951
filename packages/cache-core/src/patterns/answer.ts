import type { Entry } from "@cachepact/wire";
import type { RequestResult } from "../events.ts";
import type { Row } from "../loader.ts";

/** A value with where it came from. */
export interface Answer<Value extends object> {
  readonly value: Value | null;
  /** `redis`: a fresh entry. `stale`: an entry within its grace. `database`: the loader. */
  readonly source: "redis" | "stale" | "database";
  /** The value's version; 0 = none. */
  readonly version: number;
  /** A write that is accepted but not in the database yet may be missing from the value (write-behind only). */
  readonly maybeStale: boolean;
  /** Written under another schema: fields that this one lacks are gone, so it is never to be written back. */
  readonly foreign: boolean;
  /** How the read is counted. */
  readonly result: RequestResult;
}

/** The answer of a fresh entry. */
export function fromEntry<Value extends object>(entry: Entry<Value>): Answer<Value> {
  const { value, version, foreign } = entry;
  return { value, source: "redis", version, maybeStale: false, foreign, result: value === null ? "negative" : "hit" };
}

/** The answer of a loaded row. */
export function fromRow<Value extends object>(
  row: Row<Value>,
  result: RequestResult,
  maybeStale: boolean,
): Answer<Value> {
  return { value: row.value, source: "database", version: row.version, maybeStale, foreign: false, result };
}
