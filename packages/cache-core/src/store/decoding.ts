import { createHash } from "node:crypto";
import { decodeEntry, type Entry, isCachepactError } from "@cachepact/wire";
import type { EntityContext } from "../context.ts";

/**
 * Decodes an entry; null = it cannot be decoded, which is counted and is a miss (SPEC, "undecodable"). An entry of
 * another schema is counted and served.
 *
 * Never an exception to the caller, and never a blind delete: a newer reader may understand the bytes.
 */
export function decodeOrNull<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  bytes: Uint8Array,
  key: Key,
): Entry<Value> | null {
  const { events } = context.core;
  try {
    const entry = decodeEntry(context.entity, bytes, key);
    if (entry.foreign && events.active) events.emit({ type: "foreign", entity: context.record.entity });
    return entry;
  } catch (error) {
    if (!isCachepactError(error)) throw error;
    if (events.active) events.emit({ type: "decode_failure", entity: context.record.entity, code: error.code });
    return null;
  }
}

/** Names bytes that could not be decoded, so that `acquire` and `fill` may replace these and no others. */
export function digestOf(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}

/** Whether an entry answers a read that wants at least `minVersion`. A "not found" has no version to compare. */
export function fits<Value extends object>(entry: Entry<Value>, minVersion: number): boolean {
  return minVersion === 0 || (entry.version >= minVersion && (entry.value !== null || entry.dirty));
}
