import { Writer } from "protobufjs/minimal.js";
import { sameBytes } from "../bytes.ts";
import type { Codec, DecodeMode, DecodeNotes, Payload } from "../codec.ts";
import { openList, openMap, openRecord, readMember } from "../record.ts";
import { join, refuseDecode } from "../refusal.ts";
import { checkScalar, isDefaultScalar, type Scalar } from "../scalar.ts";
import type { MessageType } from "../schema.ts";
import { type PlannedField, planOf, type SchemaPlan } from "../schema-plan.ts";
import { timestampParts } from "../timestamp.ts";
import { compareUtf8, utf8Length } from "../utf8.ts";
import { isPackable, readMessage, wireOf } from "./protobuf-message.ts";
import { DELIMITED, refusing, VARINT } from "./protobuf-reader.ts";

interface Output {
  readonly writer: Writer;
  /** No string so far holds a character beyond ASCII. */
  ascii: boolean;
}

function writeMessage(output: Output, plan: SchemaPlan, raw: unknown, path: string, depth: number): void {
  const record = openRecord(plan, raw, path, depth);
  for (const field of plan.fields) {
    const member = readMember(record, field, path);
    if (member !== undefined) writeMember(output, field, member, join(path, field.name), depth);
  }
}

function writeMember(output: Output, field: PlannedField, raw: unknown, path: string, depth: number): void {
  switch (field.presence) {
    case "implicit": {
      const value = checkScalar(field, raw, path);
      if (isDefaultScalar(value)) return;
      writeTag(output, field.number, wireOf(field));
      return writeScalar(output, field, value);
    }
    case "optional":
      return writeTagged(output, field, field.number, raw, path, depth + 1);
    case "repeated":
      return writeList(output, field, openList(raw, path, depth + 1), path, depth + 2);
    case "map":
      for (const [key, one] of openMap(raw, path, depth + 1, compareUtf8)) {
        writeTag(output, field.number, DELIMITED);
        output.writer.fork();
        writeTag(output, 1, DELIMITED);
        writeString(output, key);
        // Key and value are always written, also when they are defaults.
        writeTagged(output, field, 2, one, path, depth + 2);
        output.writer.ldelim();
      }
  }
}

function writeList(
  output: Output,
  field: PlannedField,
  elements: readonly unknown[],
  path: string,
  depth: number,
): void {
  if (elements.length === 0) return;
  if (!isPackable(field)) {
    for (const element of elements) writeTagged(output, field, field.number, element, path, depth);
    return;
  }
  writeTag(output, field.number, DELIMITED);
  output.writer.fork();
  for (const element of elements) writeScalar(output, field, checkScalar(field, element, path));
  output.writer.ldelim();
}

/** One value with its tag; `number` is the field's, or 2 inside a map's entry. */
function writeTagged(
  output: Output,
  field: PlannedField,
  number: number,
  raw: unknown,
  path: string,
  depth: number,
): void {
  if (field.message === null) {
    const value = checkScalar(field, raw, path);
    writeTag(output, number, wireOf(field));
    return writeScalar(output, field, value);
  }
  writeTag(output, number, DELIMITED);
  output.writer.fork();
  writeMessage(output, field.message, raw, path, depth);
  output.writer.ldelim();
}

function writeTag(output: Output, number: number, wire: number): void {
  output.writer.uint32(((number << 3) | wire) >>> 0);
}

function writeString(output: Output, text: string): void {
  if (output.ascii && utf8Length(text) !== text.length) output.ascii = false;
  output.writer.string(text);
}

function writeScalar(output: Output, field: PlannedField, value: Scalar): void {
  const { writer } = output;
  switch (field.kind) {
    case "string":
      return writeString(output, value as string);
    case "bytes":
      writer.bytes(value as Uint8Array);
      return;
    case "bool":
      writer.bool(value as boolean);
      return;
    case "double":
      writer.double(value as number);
      return;
    case "timestamp":
      return writeTimestamp(output, value as number);
    case "uint32":
      writer.uint32(value as number);
      return;
    case "sint32":
      writer.sint32(value as number);
      return;
    case "sint64":
      writer.sint64(long(value as number | bigint));
      return;
    case "int64":
    case "uint64":
      writer.uint64(long(value as number | bigint));
      return;
    default:
      writer.int32(value as number);
  }
}

/** google.protobuf.Timestamp: its parts follow the rule of implicit fields. */
function writeTimestamp(output: Output, ms: number): void {
  const { writer } = output;
  const { seconds, nanos } = timestampParts(ms);
  writer.fork();
  if (seconds !== 0) {
    writeTag(output, 1, VARINT);
    writer.int64(long(seconds));
  }
  if (nanos !== 0) {
    writeTag(output, 2, VARINT);
    writer.int32(nanos);
  }
  writer.ldelim();
}

type Long = Exclude<Parameters<Writer["int64"]>[0], number | string>;

/** protobufjs takes a bigint for 0 without a word: it gets the two halves that it understands. */
function long(value: number | bigint): Long {
  const bits = BigInt(value);
  const low = Number(BigInt.asUintN(32, bits));
  const high = Number(BigInt.asUintN(32, bits >> 32n));
  return { low, high, unsigned: true };
}

function encodePayload(schema: MessageType, value: object): Payload {
  const output: Output = { writer: Writer.create(), ascii: true };
  writeMessage(output, planOf(schema), value, "", 1);
  return { bytes: new Uint8Array(output.writer.finish()), ascii: output.ascii };
}

/** The Protobuf codec: ascending fields, sorted maps, defaults left out. */
export const protobuf: Codec = {
  id: 3,
  name: "protobuf",
  encode: (schema, value) => encodePayload(schema, value).bytes,
  encodePayload,
  decode(schema: MessageType, bytes: Uint8Array, mode: DecodeMode, notes?: DecodeNotes): object {
    const value = refusing(() => readMessage(planOf(schema), bytes, notes));
    if (mode === "strict" && !sameBytes(encodePayload(schema, value).bytes, bytes)) {
      return refuseDecode("E_NONCANONICAL", "", "found Protobuf that is not the canonical form of its value");
    }
    return value;
  },
};
