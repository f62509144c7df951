import { sameBytes } from "./bytes.ts";
import { codecById, codecs, type DecodeNotes, type Payload } from "./codec.ts";
import { checkPayloadSize, checkReadSize, type Entity } from "./entity.ts";
import { CachepactError } from "./errors.ts";
import { decodeFrame, encodeFrame, hasMagic } from "./frame.ts";
import { encodeParam, paramProperty } from "./key-param.ts";
import { decodePayload, encodePayload } from "./payload.ts";
import type { EntityRecord, KeyParam } from "./schema.ts";
import { planOf, propertyName } from "./schema-plan.ts";
import { encodeUtf8 } from "./utf8.ts";

/** What a writer says about an entry beside its value. PLAIN entries carry none of it. */
export interface EntryMeta {
  /** Default: the value's version field, 0 when the entity has none. */
  readonly version?: number;
  /** When to refresh, epoch ms; default 0 = never. Scripts stamp it anew from Redis' clock. */
  readonly staleAtMs?: number;
  /** When the value was loaded, epoch ms; default 0 = not recorded. */
  readonly createdAtMs?: number;
  /** How long the load took, ms; default 0 = not recorded. */
  readonly costMs?: number;
  /** A write-behind value that is not in the database yet; default false. */
  readonly dirty?: boolean;
}

/** An entry as it was read. */
export interface Entry<Value> {
  /** null = the source of truth has no such row. */
  readonly value: Value | null;
  readonly version: number;
  readonly staleAtMs: number;
  readonly createdAtMs: number;
  readonly costMs: number;
  readonly dirty: boolean;
  /**
   * Written under another schema, or by a writer that knows none: readable, but never to be written back, because
   * fields that this schema does not have are gone.
   */
  readonly foreign: boolean;
}

const PLAIN_NULL = encodeUtf8("null");
const NO_PAYLOAD: Payload = { bytes: new Uint8Array(0), ascii: false };

const fingerprints = new WeakMap<EntityRecord, number>();

/** The fingerprint as a frame holds it. */
export function fingerprintOf(record: EntityRecord): number {
  const known = fingerprints.get(record);
  if (known !== undefined) return known;
  const fingerprint = Number.parseInt(record.fingerprint, 16);
  // Asked for with every entry that is read or written.
  fingerprints.set(record, fingerprint);
  return fingerprint;
}

/**
 * The bytes that Redis holds for a value; null = "not found".
 *
 * @throws {CachepactError} E_TYPE, E_RANGE, E_FLOAT, E_SURROGATE, E_MISSING, E_DEPTH on the value; E_SIZE;
 * E_FLAGS on a version of a "not found" that is not dirty
 */
export function encodeEntry<Key extends object, Value extends object>(
  entity: Entity<Key, Value>,
  value: Value | null,
  meta: EntryMeta = {},
): Uint8Array {
  const { record } = entity;
  if (record.framing === "plain") return value === null ? PLAIN_NULL.slice() : payloadOf(entity, value).bytes;
  const { bytes, ascii } = value === null ? NO_PAYLOAD : payloadOf(entity, value);
  const { staleAtMs = 0, createdAtMs = 0, costMs = 0, dirty = false } = meta;
  const header = {
    codec: value === null ? 0 : codecs[record.codec].id,
    negative: value === null,
    dirty,
    ascii,
    fingerprint: fingerprintOf(record),
    staleAtMs,
    version: meta.version ?? (value === null ? 0 : versionOf(record, value)),
    createdAtMs,
    costMs,
  } as const;
  return encodeFrame(header, bytes);
}

function payloadOf<Key extends object, Value extends object>(entity: Entity<Key, Value>, value: Value): Payload {
  const payload = encodePayload(entity, entity.record.codec, value);
  checkPayloadSize(entity.record, payload.bytes);
  return payload;
}

/**
 * The version that a value's own field gives; 0 when the entity has no version field.
 *
 * @throws {CachepactError} E_RANGE outside 0 to 2^53-1
 */
export function versionOf(record: EntityRecord, value: object): number {
  if (record.version === null) return 0;
  const version = (value as Readonly<Record<string, unknown>>)[propertyName(record.version)] ?? 0;
  if (typeof version === "number" || typeof version === "bigint") {
    const narrow = Number(version);
    if (Number.isSafeInteger(narrow) && narrow >= 0) return narrow;
  }
  throw new CachepactError(
    "E_RANGE",
    `take the version of a ${record.entity}: found none from 0 to 2^53-1; check the row`,
    {
      field: record.version,
    },
  );
}

/**
 * Reads what Redis holds: a frame when it begins with c1, else bare JSON, leniently; whatever the contract says.
 *
 * The header's codec decides how the payload is read, always by this entity's schema.
 * @param key when given, the payload must belong to it
 * @param notes what the value lost because its writer is newer; filled in
 * @throws {CachepactError} what `decodeFrame` and a codec's `decode` throw; E_PRIVATE; E_SIZE before anything is
 * parsed; E_BINDING. The caller counts the error as a miss.
 */
export function decodeEntry<Key extends object, Value extends object>(
  entity: Entity<Key, Value>,
  bytes: Uint8Array,
  key?: Key,
  notes: DecodeNotes = { unknownEnumName: false },
): Entry<Value> {
  return hasMagic(bytes) ? decodeFramed(entity, bytes, key, notes) : decodePlain(entity, bytes, key, notes);
}

function decodeFramed<Key extends object, Value extends object>(
  entity: Entity<Key, Value>,
  bytes: Uint8Array,
  key: Key | undefined,
  notes: DecodeNotes,
): Entry<Value> {
  const { record } = entity;
  const { version, staleAtMs, createdAtMs, costMs, dirty, negative, codec, fingerprint, payload } = decodeFrame(bytes);
  const foreign = fingerprint !== fingerprintOf(record);
  if (negative) return { value: null, version, staleAtMs, createdAtMs, costMs, dirty, foreign };
  checkReadSize(record, payload);
  const value = decodePayload(entity, codecById(codec).name, payload, "lenient", "generated", notes);
  bind(record, value, key);
  return { value, version, staleAtMs, createdAtMs, costMs, dirty, foreign: foreign || notes.unknownEnumName };
}

function decodePlain<Key extends object, Value extends object>(
  entity: Entity<Key, Value>,
  bytes: Uint8Array,
  key: Key | undefined,
  notes: DecodeNotes,
): Entry<Value> {
  const { record } = entity;
  const meta = { version: 0, staleAtMs: 0, createdAtMs: 0, costMs: 0, dirty: false };
  // Bare JSON under a framed entity comes from a writer that knows no contract.
  const foreign = record.framing === "framed";
  if (bytes.length === PLAIN_NULL.length && PLAIN_NULL.every((byte, index) => bytes[index] === byte)) {
    return { value: null, ...meta, foreign };
  }
  checkReadSize(record, bytes);
  const value = decodePayload(entity, "json", bytes, "lenient", "generated", notes);
  bind(record, value, key);
  return { value, ...meta, foreign: foreign || notes.unknownEnumName };
}

/**
 * Whether a value may lie under an id (`EntryKeys.id`): its fields that are parameters of the key give the id's texts.
 *
 * A parameter that is no field of the message binds nothing.
 * @throws {CachepactError} E_MISSING, E_TYPE, E_RANGE, E_EMPTY, E_SURROGATE, E_TOO_LONG when a field can be no
 * parameter
 */
export function belongsTo(record: EntityRecord, value: object, id: string): boolean {
  const { byName } = planOf(record.schema);
  const members = value as Readonly<Record<string, unknown>>;
  const texts = id.split(":");
  return record.key
    .filter((segment) => "param" in segment)
    .every((param, index) => {
      if (!byName.has(param.param)) return true;
      const property = paramProperty(param);
      return encodeParam(param, Object.hasOwn(members, property) ? members[property] : undefined) === texts[index];
    });
}

/** A value under another row's key, by a swap of bytes or a bad writer, would be another person's data. */
function bind(record: EntityRecord, value: object, key: object | undefined): void {
  if (key === undefined) return;
  for (const segment of record.key) {
    if ("param" in segment && !bound(record, segment, value, key)) {
      throw new CachepactError(
        "E_BINDING",
        `decode a ${record.entity}: found another ${segment.param} in the payload than in the key; find the writer of the entry`,
        { field: segment.param },
      );
    }
  }
}

function bound(record: EntityRecord, param: KeyParam, value: object, key: object): boolean {
  // A parameter without a field of its name binds nothing.
  if (!planOf(record.schema).byName.has(param.param)) return true;
  const property = paramProperty(param) as never;
  const member: unknown = value[property];
  const wanted: unknown = key[property];
  if (member === wanted) return true;
  if (member instanceof Uint8Array && wanted instanceof Uint8Array) return sameBytes(member, wanted);
  try {
    return encodeParam(param, member) === encodeParam(param, wanted);
  } catch {
    return false;
  }
}
