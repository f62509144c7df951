import type { DecodeNotes } from "../codec.ts";
import { fitInteger, isIntegerKind } from "../integer.ts";
import { completeRecord, emptyMap, MAX_DEPTH, type OpenRecord } from "../record.ts";
import { join, refuseDecode } from "../refusal.ts";
import { defaultScalar, type Scalar } from "../scalar.ts";
import type { PlannedField, SchemaPlan } from "../schema-plan.ts";
import { timestampFromParts } from "../timestamp.ts";
import { DELIMITED, FIXED64, ProtobufReader, VARINT, type VarintSign } from "./protobuf-reader.ts";

/** The wire type of one value of the field. */
export function wireOf(field: PlannedField): number {
  if (field.kind === "bool" || isIntegerKind(field.kind)) return VARINT;
  return field.kind === "double" ? FIXED64 : DELIMITED;
}

/** Whether a list of the field is written as one run of bytes. */
export function isPackable(field: PlannedField): boolean {
  return wireOf(field) !== DELIMITED;
}

/**
 * Reads a message leniently: any order, unknown fields skipped, of two values the last one wins and messages merge,
 * packed and unpacked lists, varints of any width.
 */
export function readMessage(plan: SchemaPlan, bytes: Uint8Array, notes?: DecodeNotes): OpenRecord {
  const reader = new ProtobufReader(bytes);
  const record = readFields(reader, plan, {}, "", 1);
  if (reader.passedOver && notes !== undefined) notes.unknownMember = true;
  return complete(plan, record, "");
}

function readFields(
  reader: ProtobufReader,
  plan: SchemaPlan,
  record: OpenRecord,
  path: string,
  depth: number,
): OpenRecord {
  while (reader.more()) readField(reader, plan, record, path, depth);
  return record;
}

function readField(reader: ProtobufReader, plan: SchemaPlan, record: OpenRecord, path: string, depth: number): void {
  const { number, wire } = reader.tag();
  const field = plan.byNumber.get(number);
  if (field === undefined) {
    if (!plan.gaveUp(number)) reader.passedOver = true;
    return reader.skip(wire);
  }
  const at = join(path, field.name);
  const own = Object.hasOwn(record, field.property) ? record[field.property] : undefined;
  if (field.presence === "repeated") {
    limit(depth + 1, at);
    const list = (own ?? []) as unknown[];
    readElements(reader, field, wire, list, at, depth + 2);
    record[field.property] = list;
  } else if (field.presence === "map") {
    limit(depth + 1, at);
    demand(DELIMITED, wire, at);
    const map = (own ?? emptyMap()) as OpenRecord;
    const [key, value] = readEntry(reader, field, at, depth + 2);
    map[key] = value;
    record[field.property] = map;
  } else record[field.property] = readOne(reader, field, wire, own, at, depth + 1);
}

function readElements(
  reader: ProtobufReader,
  field: PlannedField,
  wire: number,
  list: unknown[],
  path: string,
  depth: number,
): void {
  if (wire === DELIMITED && isPackable(field)) {
    reader.delimited(() => list.push(readScalar(reader, field, undefined, path)));
  } else list.push(readOne(reader, field, wire, undefined, path, depth));
}

function readEntry(
  reader: ProtobufReader,
  field: PlannedField,
  path: string,
  depth: number,
): [key: string, value: unknown] {
  let key = "";
  let value: unknown;
  reader.delimited(() => {
    const { number, wire } = reader.tag();
    if (number === 1) {
      demand(DELIMITED, wire, path);
      key = reader.string(path);
    } else if (number === 2) value = readOne(reader, field, wire, value, path, depth);
    else reader.skip(wire);
  });
  // A missing value is the default of its type; that of a time is the epoch.
  return [key, value ?? (field.message === null ? defaultScalar(field) : {})];
}

function readOne(
  reader: ProtobufReader,
  field: PlannedField,
  wire: number,
  earlier: unknown,
  path: string,
  depth: number,
): unknown {
  demand(wireOf(field), wire, path);
  const { message } = field;
  if (message === null) return readScalar(reader, field, earlier, path);
  limit(depth, path);
  const record = (earlier ?? {}) as OpenRecord;
  reader.delimited(() => readField(reader, message, record, path, depth));
  return record;
}

function readScalar(reader: ProtobufReader, field: PlannedField, earlier: unknown, path: string): Scalar {
  if (isIntegerKind(field.kind)) {
    const value = reader.integer(signOf(field));
    return fitInteger(field, value) ?? refuseDecode("E_RANGE", path, "found an integer outside its field's range");
  }
  switch (field.kind) {
    case "string":
      return reader.string(path);
    case "bytes":
      return reader.bytes();
    case "bool":
      return reader.bool();
    case "double": {
      const value = reader.double();
      return Number.isFinite(value) ? value + 0 : refuseDecode("E_FLOAT", path, "found NaN or an infinity");
    }
    default:
      return readTimestamp(reader, earlier as number | undefined, path);
  }
}

function signOf(field: PlannedField): VarintSign {
  if (field.kind === "sint32" || field.kind === "sint64") return "zigzag";
  return field.kind === "uint32" || field.kind === "uint64" ? "unsigned" : "signed";
}

const SECONDS_TYPE = { kind: "int64", asNumber: true } as const;
const NANOS_TYPE = { kind: "int32", asNumber: false } as const;

function readTimestamp(reader: ProtobufReader, earlier: number | undefined, path: string): number {
  // Of two occurrences the parts merge like those of any message.
  let seconds = earlier === undefined ? 0 : Math.floor(earlier / 1000);
  let nanos = earlier === undefined ? 0 : (earlier - seconds * 1000) * 1_000_000;
  reader.delimited(() => {
    const { number, wire } = reader.tag();
    if (number > 2) return reader.skip(wire);
    demand(VARINT, wire, path);
    const part = fitInteger(number === 1 ? SECONDS_TYPE : NANOS_TYPE, reader.integer("signed"));
    if (part === undefined) return refuseDecode("E_RANGE", path, "found a time outside the years 1 to 9999");
    if (number === 1) seconds = part as number;
    else nanos = part as number;
  });
  return (
    timestampFromParts(seconds, nanos) ?? refuseDecode("E_RANGE", path, "found a time outside the years 1 to 9999")
  );
}

/** Fills in defaults when all bytes are read, because a later occurrence may still add to a message. */
function complete(plan: SchemaPlan, record: OpenRecord, path: string): OpenRecord {
  for (const field of plan.fields) {
    const { message } = field;
    if (message === null || !Object.hasOwn(record, field.property)) continue;
    const value = record[field.property] as OpenRecord;
    const at = join(path, field.name);
    const nested = field.presence === "optional" ? [value] : (Object.values(value) as OpenRecord[]);
    for (const one of nested) complete(message, one, at);
  }
  return completeRecord(plan, record, path, true);
}

function demand(expected: number, wire: number, path: string): void {
  if (wire !== expected) refuseDecode("E_TYPE", path, `expected wire type ${expected}, found ${wire}`);
}

function limit(depth: number, path: string): void {
  if (depth > MAX_DEPTH) refuseDecode("E_DEPTH", path, `found more than ${MAX_DEPTH} levels`);
}
