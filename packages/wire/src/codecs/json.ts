import type { Codec, DecodeMode, DecodeNotes, Payload } from "../codec.ts";
import { fitInteger, isIntegerKind, isLongKind } from "../integer.ts";
import { completeRecord, emptyMap, type OpenRecord, openList, openMap, openRecord, readMember } from "../record.ts";
import { join, refuseDecode } from "../refusal.ts";
import { checkScalar, type Scalar } from "../scalar.ts";
import type { MessageType } from "../schema.ts";
import { type PlannedField, planOf, type SchemaPlan } from "../schema-plan.ts";
import { formatTimestamp, parseTimestamp } from "../timestamp.ts";
import { compareUtf16, decodeUtf8, encodeUtf8 } from "../utf8.ts";
import { JsonNumber, type JsonObject, type JsonTree, parseJson } from "./json-reader.ts";

/** The canonical JSON text of a value: RFC 8785, 64-bit integers as strings unless JS_NUMBER. */
export function encodeJson(schema: MessageType, value: object): string {
  return writeRecord(planOf(schema), value, "", 1);
}

function writeRecord(plan: SchemaPlan, raw: unknown, path: string, depth: number): string {
  const record = openRecord(plan, raw, path, depth);
  let text = "";
  for (const field of plan.sorted) {
    const member = readMember(record, field, path);
    if (member === undefined) continue;
    text += `${text === "" ? "" : ","}"${field.name}":${writeMember(field, member, join(path, field.name), depth)}`;
  }
  return `{${text}}`;
}

function writeMember(field: PlannedField, raw: unknown, path: string, depth: number): string {
  if (field.presence === "repeated") {
    // Not `map`, which passes over the holes of a list.
    const elements = Array.from(openList(raw, path, depth + 1), (element) => writeOne(field, element, path, depth + 2));
    return `[${elements.join(",")}]`;
  }
  if (field.presence === "map") {
    const entries = openMap(raw, path, depth + 1, compareUtf16);
    const members = entries.map(([key, one]) => `${JSON.stringify(key)}:${writeOne(field, one, path, depth + 2)}`);
    return `{${members.join(",")}}`;
  }
  return writeOne(field, raw, path, depth + 1);
}

function writeOne(field: PlannedField, raw: unknown, path: string, depth: number): string {
  if (field.message !== null) return writeRecord(field.message, raw, path, depth);
  const value = checkScalar(field, raw, path);
  switch (field.kind) {
    case "string":
      // Of a well-formed string JSON.stringify gives exactly the escapes of RFC 8785.
      return JSON.stringify(value);
    case "bytes":
      return `"${base64(value as Uint8Array)}"`;
    case "timestamp":
      return `"${formatTimestamp(value as number)}"`;
    case "enum": {
      const name = field.enumeration?.nameOf.get(value as number);
      return name === undefined ? String(value) : `"${name}"`;
    }
    default:
      // ECMAScript's Number::toString is what RFC 8785 prescribes; a bigint is a string.
      return typeof value === "bigint" ? `"${value}"` : String(value);
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

/**
 * A value from JSON text, leniently: any order and white space, null = absent, unknown members ignored, 64-bit integers
 * as strings or numbers, enum numbers, RFC 3339 offsets, base64 of both alphabets with or without padding.
 *
 * An unknown enum name reads as the enum's zero and is noted: its writer is newer.
 */
export function decodeJson(schema: MessageType, text: string, notes?: DecodeNotes): object {
  return readRecord(planOf(schema), parseJson(text), "", notes);
}

function readRecord(plan: SchemaPlan, tree: JsonTree, path: string, notes?: DecodeNotes): OpenRecord {
  const members = asObject(tree, path);
  const record: OpenRecord = {};
  for (const [name, member] of members) {
    const field = plan.byName.get(name);
    if (member === null) continue;
    if (field === undefined) {
      if (notes !== undefined && !plan.gaveUp(name)) notes.unknownMember = true;
      continue;
    }
    record[field.property] = readMemberTree(field, member, join(path, name), notes);
  }
  return completeRecord(plan, record, path, false);
}

function readMemberTree(field: PlannedField, tree: JsonTree, path: string, notes?: DecodeNotes): unknown {
  if (field.presence === "repeated") {
    if (!Array.isArray(tree)) return refuseType(path, "an array", tree);
    return (tree as readonly JsonTree[]).map((element) => readOne(field, element, path, notes));
  }
  if (field.presence === "map") {
    const map = emptyMap();
    for (const [key, one] of asObject(tree, path)) map[key] = readOne(field, one, path, notes);
    return map;
  }
  return readOne(field, tree, path, notes);
}

function readOne(field: PlannedField, tree: JsonTree, path: string, notes?: DecodeNotes): unknown {
  if (field.message !== null) return readRecord(field.message, tree, path, notes);
  if (field.kind === "enum" && typeof tree === "string") return readEnumName(field, tree, notes);
  if (isIntegerKind(field.kind)) return readInteger(field, tree, path);
  switch (field.kind) {
    case "string":
      return typeof tree === "string" ? tree : refuseType(path, "a string", tree);
    case "bool":
      return typeof tree === "boolean" ? tree : refuseType(path, "a bool", tree);
    case "double":
      return tree instanceof JsonNumber ? finite(tree, path) + 0 : refuseType(path, "a number", tree);
    case "bytes":
      return typeof tree === "string" ? readBase64(tree, path) : refuseType(path, "a base64 string", tree);
    default: {
      if (typeof tree !== "string") return refuseType(path, "an RFC 3339 string", tree);
      const ms = parseTimestamp(tree);
      return typeof ms === "number" ? ms : refuseDecode(ms, path, "found text that is no RFC 3339 time");
    }
  }
}

const INTEGER_TEXT = /^-?(?:0|[1-9][0-9]*)$/;

function readInteger(field: PlannedField, tree: JsonTree, path: string): Scalar {
  let text: string;
  if (tree instanceof JsonNumber) text = tree.text;
  else if (typeof tree === "string" && isLongKind(field.kind)) {
    if (!INTEGER_TEXT.test(tree)) return refuseDecode("E_TYPE", path, "found a string that is no decimal integer");
    // 20 characters hold every 64-bit integer with its sign; longer text must not reach BigInt.
    return (tree.length <= 20 ? fitInteger(field, BigInt(tree)) : undefined) ?? refuseRange(path);
  } else return refuseType(path, "an integer", tree);
  const value = INTEGER_TEXT.test(text) ? Number(text) : finite(tree, path);
  // Digits beyond every double are an integer out of range, not a fraction.
  if (Number.isFinite(value) && !Number.isInteger(value)) return refuseDecode("E_TYPE", path, "found a fraction");
  return fitInteger(field, value) ?? refuseRange(path);
}

function readEnumName(field: PlannedField, name: string, notes?: DecodeNotes): number {
  const value = field.enumeration?.numberOf.get(name);
  if (value === undefined && notes !== undefined) notes.unknownEnumName = true;
  return value ?? 0;
}

function finite(number: JsonNumber, path: string): number {
  const value = Number(number.text);
  return Number.isFinite(value) ? value : refuseDecode("E_FLOAT", path, "found a number beyond every double");
}

const BASE64 = /^[A-Za-z0-9+/_-]*(={0,2})$/;

function readBase64(text: string, path: string): Uint8Array {
  const padding = BASE64.exec(text)?.[1]?.length;
  const digits = text.length - (padding ?? 0);
  // Padding is left out or complete; one digit alone in its group of four holds no byte.
  if (padding === undefined || digits % 4 === 1 || (padding > 0 && text.length % 4 !== 0)) {
    return refuseDecode("E_TYPE", path, "found a string that is no base64");
  }
  return new Uint8Array(Buffer.from(text, "base64"));
}

function asObject(tree: JsonTree, path: string): JsonObject {
  return tree instanceof Map ? tree : refuseType(path, "an object", tree);
}

function refuseRange(path: string): never {
  return refuseDecode("E_RANGE", path, "found an integer outside its field's range");
}

function refuseType(path: string, expected: string, tree: JsonTree): never {
  return refuseDecode("E_TYPE", path, `expected ${expected}, found ${describeTree(tree)}`);
}

function describeTree(tree: JsonTree): string {
  if (tree === null) return "null";
  if (tree instanceof JsonNumber) return "a number";
  if (tree instanceof Map) return "an object";
  if (Array.isArray(tree)) return "an array";
  return typeof tree === "string" ? "a string" : "a bool";
}

/** The JSON codec: RFC 8785 out; strict decode accepts nothing else. */
export const json: Codec = {
  id: 1,
  name: "json",
  encode: (schema, value) => encodeUtf8(encodeJson(schema, value)),
  encodePayload(schema, value): Payload {
    const text = encodeJson(schema, value);
    const bytes = encodeUtf8(text);
    return { bytes, ascii: bytes.length === text.length };
  },
  decode(schema: MessageType, bytes: Uint8Array, mode: DecodeMode, notes?: DecodeNotes): object {
    const text = decodeUtf8(bytes);
    const value = decodeJson(schema, text, notes);
    if (mode === "strict" && encodeJson(schema, value) !== text) {
      return refuseDecode("E_NONCANONICAL", "", "found JSON that is not the canonical form of its value");
    }
    return value;
  },
};
