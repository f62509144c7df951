import { sameBytes } from "../bytes.ts";
import type { Codec, DecodeMode, DecodeNotes, Payload } from "../codec.ts";
import { fitInteger, isIntegerKind } from "../integer.ts";
import { completeRecord, emptyMap, type OpenRecord, openList, openMap, openRecord, readMember } from "../record.ts";
import { join, refuseDecode } from "../refusal.ts";
import { checkScalar, type Scalar } from "../scalar.ts";
import type { MessageType } from "../schema.ts";
import { type PlannedField, planOf, type SchemaPlan } from "../schema-plan.ts";
import { timestampParts } from "../timestamp.ts";
import { compareUtf8 } from "../utf8.ts";
import { type MsgpackKind, MsgpackReader } from "./msgpack-reader.ts";
import { MsgpackWriter } from "./msgpack-writer.ts";

function writeRecord(writer: MsgpackWriter, plan: SchemaPlan, raw: unknown, path: string, depth: number): void {
  const record = openRecord(plan, raw, path, depth);
  const present: (readonly [PlannedField, unknown])[] = [];
  for (const field of plan.sorted) {
    const member = readMember(record, field, path);
    if (member !== undefined) present.push([field, member]);
  }
  writer.map(present.length);
  for (const [field, member] of present) {
    writer.string(field.name);
    writeMember(writer, field, member, join(path, field.name), depth);
  }
}

function writeMember(writer: MsgpackWriter, field: PlannedField, raw: unknown, path: string, depth: number): void {
  if (field.presence === "repeated") {
    const elements = openList(raw, path, depth + 1);
    writer.list(elements.length);
    for (const element of elements) writeOne(writer, field, element, path, depth + 2);
  } else if (field.presence === "map") {
    const entries = openMap(raw, path, depth + 1, compareUtf8);
    writer.map(entries.length);
    for (const [key, one] of entries) {
      writer.string(key);
      writeOne(writer, field, one, path, depth + 2);
    }
  } else writeOne(writer, field, raw, path, depth + 1);
}

function writeOne(writer: MsgpackWriter, field: PlannedField, raw: unknown, path: string, depth: number): void {
  if (field.message !== null) return writeRecord(writer, field.message, raw, path, depth);
  const value = checkScalar(field, raw, path);
  switch (field.kind) {
    case "string":
      return writer.string(value as string);
    case "bool":
      return writer.bool(value as boolean);
    case "bytes":
      return writer.bytes(value as Uint8Array);
    case "double":
      return writer.double(value as number);
    case "timestamp":
      return writer.timestamp(timestampParts(value as number));
    default:
      return writer.integer(value as number | bigint);
  }
}

function readRecord(reader: MsgpackReader, plan: SchemaPlan, path: string, depth: number): OpenRecord {
  demand(reader, "map", path);
  const record: OpenRecord = {};
  const names = new Set<string>();
  for (let left = reader.map(depth); left > 0; left -= 1) {
    demand(reader, "string", path);
    const name = reader.string(path);
    if (names.has(name)) refuseDecode("E_DUP", path, "found one name twice in a record");
    names.add(name);
    const field = plan.byName.get(name);
    if (field === undefined) {
      if (reader.peek() !== "nil" && !plan.gaveUp(name)) reader.passedOver = true;
      reader.skip(depth + 1);
    } else if (reader.peek() === "nil") reader.nil();
    else record[field.property] = readMemberValue(reader, field, join(path, name), depth);
  }
  return completeRecord(plan, record, path, false);
}

function readMemberValue(reader: MsgpackReader, field: PlannedField, path: string, depth: number): unknown {
  if (field.presence === "repeated") {
    demand(reader, "list", path);
    const elements: unknown[] = [];
    for (let left = reader.list(depth + 1); left > 0; left -= 1) elements.push(readOne(reader, field, path, depth + 2));
    return elements;
  }
  if (field.presence === "map") {
    demand(reader, "map", path);
    const map = emptyMap();
    for (let left = reader.map(depth + 1); left > 0; left -= 1) {
      demand(reader, "string", path);
      const key = reader.string(path);
      if (key in map) refuseDecode("E_DUP", path, "found one key twice in a map");
      map[key] = readOne(reader, field, path, depth + 2);
    }
    return map;
  }
  return readOne(reader, field, path, depth + 1);
}

function readOne(reader: MsgpackReader, field: PlannedField, path: string, depth: number): unknown {
  if (field.message !== null) return readRecord(reader, field.message, path, depth);
  if (isIntegerKind(field.kind)) return readInteger(reader, field, path);
  switch (field.kind) {
    case "string":
      demand(reader, "string", path);
      return reader.string(path);
    case "bool":
      demand(reader, "bool", path);
      return reader.bool();
    case "bytes":
      demand(reader, "bytes", path);
      return reader.bytes();
    case "double":
      return readDouble(reader, path);
    default:
      demand(reader, "ext", path);
      return reader.timestamp(path);
  }
}

/** An integral float stands for its integer: JavaScript writers turn integers from 2^32 up into float64. */
function readInteger(reader: MsgpackReader, field: PlannedField, path: string): Scalar {
  let value: number | bigint;
  if (reader.peek() === "float") {
    value = finite(reader.float(), path);
    if (!Number.isInteger(value)) return refuseDecode("E_TYPE", path, "expected an integer, found a fraction");
  } else {
    demand(reader, "integer", path);
    value = reader.integer();
  }
  return fitInteger(field, value) ?? refuseDecode("E_RANGE", path, "found an integer outside its field's range");
}

/** An integer stands for its double: JavaScript writers turn 1.0 into an integer. */
function readDouble(reader: MsgpackReader, path: string): number {
  if (reader.peek() === "float") return finite(reader.float(), path) + 0;
  demand(reader, "integer", path);
  const value = Number(reader.integer());
  // Beyond 2^53 the double may be another number than the one written.
  return Number.isSafeInteger(value) ? value : refuseDecode("E_RANGE", path, "found an integer that no double holds");
}

function finite(value: number, path: string): number {
  return Number.isFinite(value) ? value : refuseDecode("E_FLOAT", path, "found NaN or an infinity");
}

function demand(reader: MsgpackReader, expected: MsgpackKind, path: string): void {
  const found = reader.peek();
  if (found !== expected) refuseDecode("E_TYPE", path, `expected MessagePack ${expected}, found ${found}`);
}

function encodePayload(schema: MessageType, value: object): Payload {
  const writer = new MsgpackWriter();
  writeRecord(writer, planOf(schema), value, "", 1);
  return { bytes: writer.finish(), ascii: writer.ascii };
}

/** The MessagePack codec: shortest forms, sorted keys; the timestamp extension for times and no other extension. */
export const msgpack: Codec = {
  id: 2,
  name: "msgpack",
  encode: (schema, value) => encodePayload(schema, value).bytes,
  encodePayload,
  decode(schema: MessageType, bytes: Uint8Array, mode: DecodeMode, notes?: DecodeNotes): object {
    const reader = new MsgpackReader(bytes);
    const value = readRecord(reader, planOf(schema), "", 1);
    reader.end();
    if (reader.passedOver && notes !== undefined) notes.unknownMember = true;
    if (mode === "strict" && !sameBytes(encodePayload(schema, value).bytes, bytes)) {
      return refuseDecode("E_NONCANONICAL", "", "found MessagePack that is not the canonical form of its value");
    }
    return value;
  },
};
