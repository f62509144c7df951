import { concatBytes } from "./bytes.ts";
import type { Entity } from "./entity.ts";
import { belongsTo, encodeEntry } from "./entry.ts";
import { CachepactError, type ErrorCode } from "./errors.ts";
import { decodeFrame, FRAME_BASE_BYTES, type FrameHeader } from "./frame.ts";
import { decodeUtf8 } from "./utf8.ts";

/** One write on its way to the `accept` script, which gives it its version. */
export interface WriteItem {
  readonly id: string;
  /** The frame's 16-byte base: DIRTY and VERSION set, NEGATIVE for a delete, stale_at 0. */
  readonly head: Uint8Array;
  readonly payload: Uint8Array;
}

/** One entry of a write-behind stream: fields k (id), g (generation), h (head), p (payload), id `<version>-0`. */
export interface WriteEvent {
  readonly id: string;
  readonly generation: number;
  /** The stream id's time part, which is the value's version. */
  readonly version: number;
  readonly header: FrameHeader;
  readonly head: Uint8Array;
  readonly payload: Uint8Array;
}

/** The fields of a stream entry as a client hands them out, values as bytes. */
export type StreamFields = Readonly<Record<string, Uint8Array>> | ReadonlyMap<string, Uint8Array>;

const VERSION_BYTES = 8;

/** Header length of every event's frame, in units of two bytes: the base and the version. */
const HEADER_UNITS = (FRAME_BASE_BYTES + VERSION_BYTES) / 2;

// Any version makes the same head; `accept` puts the one that it gives behind the head.
const SOME_VERSION = 1;

/**
 * A write of the whole value, or of its absence (null), for `accept`.
 *
 * @throws {CachepactError} what `encodeEntry` throws; E_PATTERN when the entity has no log; E_BINDING when the value
 * belongs to another id
 */
export function encodeWriteItem<Key extends object, Value extends object>(
  entity: Entity<Key, Value>,
  id: string,
  value: Value | null,
): WriteItem {
  const { record } = entity;
  if (record.log === null) {
    throw new CachepactError(
      "E_PATTERN",
      `write a ${record.entity} behind: found an entity without a log; use write and invalidate`,
    );
  }
  const frame = encodeEntry(entity, value, { version: SOME_VERSION, dirty: true });
  if (value !== null && !belongsTo(record, value, id)) {
    throw new CachepactError(
      "E_BINDING",
      `write a ${record.entity} behind: found a value of another key; pass the key that the value holds`,
    );
  }
  const head = frame.slice(0, FRAME_BASE_BYTES);
  return { id, head, payload: frame.slice(FRAME_BASE_BYTES + VERSION_BYTES) };
}

/**
 * Reads a stream entry.
 *
 * @throws {CachepactError} E_MISSING, E_TYPE, E_RANGE on its id or fields, and what `decodeFrame` throws on its head
 */
export function decodeWriteEvent(streamId: string, fields: StreamFields): WriteEvent {
  const version = versionOfStreamId(streamId);
  const id = decodeUtf8(required(fields, "k"));
  const generation = wholeNumber(decodeUtf8(required(fields, "g")));
  const head = required(fields, "h");
  const payload = required(fields, "p");
  if (head.length !== FRAME_BASE_BYTES) {
    return refuse("E_TYPE", `found a head of ${head.length} bytes instead of ${FRAME_BASE_BYTES}`, "h");
  }
  const { payload: _, ...header } = decodeFrame(joinFrame(head, version, payload), "strict");
  if (!header.dirty) return refuse("E_FLAGS", "found a head without DIRTY", "h");
  if (head[3] !== HEADER_UNITS) return refuse("E_NONCANONICAL", "found a head with more than a version behind it", "h");
  return { id, generation, version, header, head, payload };
}

/** The frame that `accept` stored for this event. */
export function eventFrame(event: WriteEvent): Uint8Array {
  return joinFrame(event.head, event.version, event.payload);
}

function joinFrame(head: Uint8Array, version: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(VERSION_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(version));
  return concatBytes(head, bytes, payload);
}

function versionOfStreamId(streamId: string): number {
  const version = Number(/^([1-9][0-9]{0,15})-0$/.exec(streamId)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(version) ? version : refuse("E_RANGE", "found a stream id that is no version", "id");
}

function wholeNumber(text: string): number {
  const value = Number(/^(?:0|[1-9][0-9]{0,9})$/.exec(text)?.[0] ?? Number.NaN);
  return value < 2 ** 32 ? value : refuse("E_TYPE", "found a generation that is no number", "g");
}

function required(fields: StreamFields, name: string): Uint8Array {
  const isMap = (found: StreamFields): found is ReadonlyMap<string, Uint8Array> => found instanceof Map;
  const field = isMap(fields) ? fields.get(name) : Object.hasOwn(fields, name) ? fields[name] : undefined;
  return field ?? refuse("E_MISSING", "found no such field", name);
}

function refuse(code: ErrorCode, found: string, field: string): never {
  throw new CachepactError(code, `read a write-behind event, ${field}: ${found}; find the writer of the stream`, {
    field,
  });
}
