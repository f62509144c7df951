import { sameBytes } from "./bytes.ts";
import { type CodecName, codecs, type DecodeMode, type DecodeNotes, type Payload } from "./codec.ts";
import type { Entity } from "./entity.ts";

/**
 * `generated`: the specialised codec of the entity where it has one and does not abstain, else the interpreter.
 * `interpreter`: the interpreter alone. Both give the same bytes, values and errors.
 */
export type CodecPath = "generated" | "interpreter";

/**
 * A value as one codec writes it, whatever the entity's own codec. Does not check `max_payload_bytes`.
 *
 * @throws {CachepactError} E_TYPE, E_RANGE, E_FLOAT, E_SURROGATE, E_MISSING, E_DEPTH
 */
export function encodePayload<Key extends object, Value extends object>(
  entity: Entity<Key, Value>,
  codec: CodecName,
  value: Value,
  path: CodecPath = "generated",
): Payload {
  const payload = path === "generated" ? entity.generated?.[codec].encode(value) : undefined;
  return payload ?? codecs[codec].encodePayload(entity.record.schema, value);
}

/**
 * The value of a payload, by the entity's own schema. The caller limits the size before.
 *
 * @param notes what a lenient decode had to give up; filled in
 * @throws {CachepactError} what the codec's `decode` throws
 */
export function decodePayload<Key extends object, Value extends object>(
  entity: Entity<Key, Value>,
  codec: CodecName,
  bytes: Uint8Array,
  mode: DecodeMode,
  path: CodecPath = "generated",
  notes?: DecodeNotes,
): Value {
  const generated = path === "generated" ? entity.generated?.[codec] : undefined;
  const value = generated?.decode(bytes, notes);
  if (value !== undefined && (mode === "lenient" || isCanonical(generated?.encode(value), bytes))) return value;
  return codecs[codec].decode(entity.record.schema, bytes, mode, notes) as Value;
}

function isCanonical(payload: Payload | undefined, bytes: Uint8Array): boolean {
  return payload !== undefined && sameBytes(payload.bytes, bytes);
}
