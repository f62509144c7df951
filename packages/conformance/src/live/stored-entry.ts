import { decodeFrame, defineEntity, type EntityRecord, encodeEntry } from "@cachepact/wire";

/** What of a stored entry may differ between two writers of one value: times. */
interface Times {
  readonly staleAtMs: number;
  readonly createdAtMs: number;
  readonly costMs: number;
}

const NEVER: Times = { staleAtMs: 0, createdAtMs: 0, costMs: 0 };

/** The times that stand in a stored entry; a PLAIN one has none. */
export function timesOf(record: EntityRecord, stored: Uint8Array): Times {
  return record.framing === "plain" ? NEVER : decodeFrame(stored, "strict");
}

/**
 * The canonical entry of a value, made by the interpreter, with the times of the stored one put in: the bytes that every
 * writer must have written.
 *
 * @param version undefined = that of the value's version field
 */
export function canonicalEntry(
  record: EntityRecord,
  value: object | null,
  stored: Uint8Array,
  version?: number,
): Uint8Array {
  const { staleAtMs, createdAtMs, costMs } = timesOf(record, stored);
  // An entity that is made of a record alone has no generated codec.
  const entity = defineEntity<object, object>(record);
  return encodeEntry(entity, value, { staleAtMs, createdAtMs, costMs, ...(version === undefined ? {} : { version }) });
}
