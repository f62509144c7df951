import { type CodecName, codecs, type EntityRecord, type MessageType } from "@cachepact/wire";
import { fromNeutral } from "@cachepact/wire/testing";
import fc from "fast-check";
import { BYTE_MUTATIONS, type ByteMutation, mutateBytes } from "./byte-mutation.ts";
import { JSON_MUTATIONS, type JsonMutation, mutateJson } from "./json-mutation.ts";
import { MSGPACK_MUTATIONS, type MsgpackMutation, mutateMsgpack } from "./msgpack-mutation.ts";
import { mutation } from "./mutation.ts";
import { mutateProtobuf, PROTOBUF_MUTATIONS, type ProtobufMutation } from "./protobuf-mutation.ts";
import { tooDeep } from "./settled.ts";
import { type EntityValue, entityValue } from "./value.ts";

/** Bytes that may or may not be a payload of the entity, with the changes that made them. */
export interface Mutant {
  readonly record: EntityRecord;
  readonly codec: CodecName;
  readonly bytes: Uint8Array;
  /** What was done, for a report. */
  readonly made: string;
}

type Structural = (schema: MessageType, bytes: Uint8Array) => Uint8Array;

/** A change of a codec's own kind as a function, with its name. */
function structural(codec: CodecName): fc.Arbitrary<readonly [how: string, change: Structural]> {
  switch (codec) {
    case "json":
      return mutation(JSON_MUTATIONS).map((change: JsonMutation) => [
        change.how,
        (_, bytes) => Buffer.from(mutateJson(Buffer.from(bytes).toString(), change)),
      ]);
    case "msgpack":
      return mutation(MSGPACK_MUTATIONS).map((change: MsgpackMutation) => [
        change.how,
        (_, bytes) => mutateMsgpack(bytes, change),
      ]);
    default:
      return mutation(PROTOBUF_MUTATIONS).map((change: ProtobufMutation) => [
        change.how,
        (schema, bytes) => mutateProtobuf(schema, bytes, change),
      ]);
  }
}

/** Mostly one change of structure; sometimes several, sometimes of bytes, sometimes both. */
function changes(
  codec: CodecName,
): fc.Arbitrary<readonly [readonly (readonly [string, Structural])[], readonly ByteMutation[]]> {
  const own = structural(codec);
  const raw = mutation(BYTE_MUTATIONS);
  const none = fc.constant<[]>([]);
  return fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.tuple(own), none) },
    { weight: 3, arbitrary: fc.tuple(fc.array(own, { minLength: 2, maxLength: 3 }), none) },
    { weight: 3, arbitrary: fc.tuple(none, fc.array(raw, { minLength: 1, maxLength: 2 })) },
    { weight: 1, arbitrary: fc.tuple(fc.tuple(own), fc.tuple(raw)) },
  );
}

/** The payload of a value after one change of its codec's own kind. */
export function changedPayload(input: EntityValue, codec: CodecName): fc.Arbitrary<Uint8Array> {
  return structural(codec).map(([, change]) => new Uint8Array(change(input.record.schema, payloadOf(input, codec))));
}

/** The canonical payload of a value that is not too deep for any. */
export function payloadOf({ record, value }: EntityValue, codec: CodecName): Uint8Array {
  return codecs[codec].encode(record.schema, fromNeutral(record.schema, value));
}

/** Payloads of random values after random changes, and a few that are no payload at all. */
export function mutant(records: readonly EntityRecord[], codec: CodecName): fc.Arbitrary<Mutant> {
  const values = entityValue(records).filter(({ record, value }) => !tooDeep(record.schema, value));
  const changed = fc.tuple(values, changes(codec)).map(([base, [own, raw]]): Mutant => {
    const whole = payloadOf(base, codec);
    let bytes = whole;
    for (const [, change] of own) bytes = change(base.record.schema, bytes);
    for (const change of raw) bytes = mutateBytes(bytes, change, whole);
    const made = [...own.map(([how]) => how), ...raw.map(({ how }) => how)].join(", ");
    return { record: base.record, codec, bytes: new Uint8Array(bytes), made };
  });
  const garbage = fc
    .tuple(fc.constantFrom(...records), fc.uint8Array({ maxLength: 24 }))
    .map(([record, bytes]): Mutant => ({ record, codec, bytes, made: "garbage" }));
  return fc.oneof({ weight: 40, arbitrary: changed }, { weight: 1, arbitrary: garbage });
}
