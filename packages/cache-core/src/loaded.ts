import { belongsTo, CachepactError, type EntityRecord, type EntryKeys } from "@cachepact/wire";
import type { EntityContext } from "./context.ts";

/** What `loaded()` may say about a value. */
export interface LoadedOptions {
  /** The row's version, for entities whose version is not a field of the value (write-behind). */
  readonly version?: number | undefined;
  /** Makes this entry fresh for a shorter time than the contract's ttl, in whole ms; a longer time has no effect. */
  readonly ttlMs?: number | undefined;
}

/** A value with its version or its own ttl, made by `loaded()`. */
export class Loaded<Value extends object> {
  readonly value: Value | null;
  readonly options: LoadedOptions;

  constructor(value: Value | null, options: LoadedOptions) {
    this.value = value;
    this.options = options;
  }
}

/** Returned by a loader, or by the `persist` of a write, that has more to say than the value. */
export function loaded<Value extends object>(value: Value | null, options: LoadedOptions = {}): Loaded<Value> {
  return new Loaded(value, options);
}

/** Whether rows of this entity have a version: as a field of the value, or as the id of a write-behind event. */
export function isVersioned(record: EntityRecord): boolean {
  return record.version !== null || record.log !== null;
}

/** Takes apart what a loader or `persist` returned. @throws {CachepactError} E_LOADER when it is none of the legal forms */
export function unwrap<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  answer: Value | null | Loaded<Value> | undefined,
  who: string,
): { readonly value: Value | null; readonly version: number; readonly ttlMs: number | undefined } {
  const { record } = context;
  const { value, options } = answer instanceof Loaded ? answer : { value: answer, options: {} as LoadedOptions };
  if (value === undefined) throw breach(record, who, "undefined", "return a row, or null when there is none");
  if (value !== null && typeof value !== "object") {
    throw breach(record, who, `a ${typeof value}`, "return an object of the contract's type");
  }
  const { ttlMs } = options;
  if (ttlMs !== undefined && !(Number.isInteger(ttlMs) && ttlMs >= 1)) {
    throw breach(record, who, "a ttlMs that is not a whole number above 0", "return it in milliseconds");
  }
  const version = versionOf(context, value, options);
  if (!Number.isSafeInteger(version) || version < 0) {
    throw breach(record, who, "a version that is not a whole number up to 2^53-1", "return the row's version");
  }
  return { value, version, ttlMs };
}

/** A value under another row's key would be refused by every reader and loaded for ever. */
export function checkBinding<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  keys: EntryKeys,
  value: Value,
  who: string,
): void {
  const { record } = context;
  if (!belongsTo(record, value, keys.id)) {
    throw breach(record, who, "a row that belongs to another key", "check that the query filters by the key");
  }
}

/** The version field of the row decides where the contract has one; a deleted row and a log have no other source. */
function versionOf<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  value: Value | null,
  options: LoadedOptions,
): number {
  const { record, versionProperty } = context;
  if (!isVersioned(record)) return 0;
  if (value === null || versionProperty === null) return options.version ?? 0;
  const version: unknown = (value as Record<string, unknown>)[versionProperty];
  return version === undefined ? 0 : Number(version);
}

/** A breach of the contract of `who`, a loader or a `persist`. */
export function breach(record: EntityRecord, who: string, found: string, remedy: string): CachepactError {
  return new CachepactError("E_LOADER", `${who} of ${record.entity} returned ${found}; ${remedy}`);
}
