import type { MessageType } from "@cachepact/wire";
import { type Mutation, pickOf, unhex } from "./mutation.ts";
import {
  DELIMITED,
  FIXED64,
  messageIn,
  type ProtobufContent,
  type ProtobufField,
  parseProtobuf,
  VARINT,
  varint,
  wireOf,
  writeProtobuf,
} from "./protobuf-tree.ts";

/** Changes that keep Protobuf well-formed, mostly: what a lenient reader takes, and what it must not. */
export const PROTOBUF_MUTATIONS = [
  "pad",
  "value",
  "reorder",
  "duplicate",
  "unknown",
  "unpack",
  "drop",
  "default",
  "rewire",
  "lie",
  "split",
] as const;

export type ProtobufMutation = Mutation<(typeof PROTOBUF_MUTATIONS)[number]>;

const NUMBERS = [
  0n,
  1n,
  2n,
  127n,
  128n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 32n + 1n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n - 2n ** 31n,
  2n ** 64n - 2n ** 31n - 1n,
  2n ** 64n,
  2n ** 70n,
  // Seconds of the years 1, 0, 9999 and 10000; nanoseconds at their limit.
  2n ** 64n - 62_135_596_800n,
  2n ** 64n - 62_135_596_801n,
  253_402_300_799n,
  253_402_300_800n,
  999_999_999n,
  1_000_000_000n,
  1_500_000n,
];

/** Text and bytes: empty, not UTF-8, half of a pair, overlong; bits of doubles: NaN, infinity, -0. */
const RAW = [
  "",
  "61",
  "ff",
  "eda080",
  "c080",
  "f4908080",
  "c3a9",
  "5f5f70726f746f5f5f",
  "0000",
  "000000000000f87f",
  "000000000000f07f",
  "000000000000f0ff",
  "0000000000000080",
  "000000000000f83f",
  "0801",
  "0a00",
  "1200",
].map(unhex);

const CLAIMS = [0n, 1n, 5n, 127n, 128n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 35n, 2n ** 63n];

/** Of no field, of the reserved range, the greatest; 0 is no number at all. */
const STRANGERS = [0, 3_000, 19_500, 536_870_911, 536_870_910, 99];

/** The bytes after one change; the same bytes when there is nothing that it could change. */
export function mutateProtobuf(schema: MessageType, bytes: Uint8Array, change: ProtobufMutation): Uint8Array {
  const fields = parseProtobuf(schema, bytes);
  if (fields === undefined) return bytes;
  const messages = messagesOf(schema, fields, []);
  const { schema: inner, fields: own, path } = pickOf(messages, change.at >> 4);
  return writeProtobuf(placed(fields, path, rewrite(inner, own, change)));
}

interface Nested {
  readonly schema: MessageType;
  readonly fields: readonly ProtobufField[];
  /** The occurrences on the way from the root. */
  readonly path: readonly number[];
}

function messagesOf(schema: MessageType, fields: readonly ProtobufField[], path: readonly number[]): Nested[] {
  return [
    { schema, fields, path },
    ...fields.flatMap(({ content }, index) =>
      content.kind === "message" ? messagesOf(content.schema, content.fields, [...path, index]) : [],
    ),
  ];
}

function placed(
  fields: readonly ProtobufField[],
  path: readonly number[],
  changed: readonly ProtobufField[],
): readonly ProtobufField[] {
  const [index, ...rest] = path;
  if (index === undefined) return changed;
  return fields.map((field, at) => {
    const { content } = field;
    if (at !== index || content.kind !== "message") return field;
    return { ...field, content: { ...content, fields: placed(content.fields, rest, changed) } };
  });
}

function rewrite(
  schema: MessageType,
  fields: readonly ProtobufField[],
  { how, at, pick }: ProtobufMutation,
): readonly ProtobufField[] {
  const index = at % Math.max(1, fields.length);
  const field = fields[index];
  const replaced = (...others: readonly ProtobufField[]): readonly ProtobufField[] =>
    fields.toSpliced(index, 1, ...others);
  if (how === "unknown") return inserted(fields, at, stranger(pick));
  if (how === "default") return inserted(fields, at, declared(schema, pick));
  if (field === undefined) return fields;
  switch (how) {
    case "reorder":
      return pick % 2 === 0 ? fields.toReversed() : [...fields.slice(index), ...fields.slice(0, index)];
    case "duplicate":
      return inserted(fields, pick, pick % 3 === 0 ? { ...field, content: other(field.content, pick) } : field);
    case "drop":
      return replaced();
    case "pad":
      return replaced(padded(field, pick));
    case "value":
      return replaced({ ...field, content: other(field.content, pick) });
    case "rewire":
      return replaced({ ...field, wire: pick % 8 });
    case "lie":
      return replaced({ ...field, claims: pickOf(CLAIMS, pick) });
    case "unpack":
      return replaced(...unpacked(field, pick));
    default:
      return replaced(...halves(field, pick));
  }
}

function inserted(fields: readonly ProtobufField[], at: number, field: ProtobufField): readonly ProtobufField[] {
  return fields.toSpliced(at % (fields.length + 1), 0, field);
}

/** An occurrence of a field that the message does not have, of any wire type. */
function stranger(pick: number): ProtobufField {
  const wire = (pick >> 3) % 8;
  const bytes = wire === 5 ? new Uint8Array(4) : wire === FIXED64 ? new Uint8Array(8) : pickOf(RAW, pick >> 6);
  const content: ProtobufContent =
    wire === VARINT ? { kind: "varint", value: pickOf(NUMBERS, pick >> 6) } : { kind: "raw", bytes };
  return { number: pickOf(STRANGERS, pick), wire, content };
}

/** An occurrence of a field of the message: at its default, empty, or at some edge. */
function declared(schema: MessageType, pick: number): ProtobufField {
  const field = schema.fields[pick % Math.max(1, schema.fields.length)];
  if (field === undefined) return stranger(pick);
  const { number } = field;
  const inner = messageIn(field);
  if (inner !== undefined) {
    return { number, wire: DELIMITED, content: { kind: "message", schema: inner, fields: [] } };
  }
  const wire = wireOf(field);
  if (wire === VARINT) return { number, wire, content: { kind: "varint", value: pickOf(NUMBERS, pick >> 4) } };
  const bytes = pickOf(RAW, pick >> 4);
  if (wire === DELIMITED) return { number, wire, content: { kind: "raw", bytes } };
  const double = new Uint8Array(8);
  double.set(bytes.slice(0, 8));
  return { number, wire, content: { kind: "raw", bytes: double } };
}

/** Overlong: tag, length or number. Ten bytes are the most that a varint may have, five of a tag or length. */
function padded(field: ProtobufField, pick: number): ProtobufField {
  const pad = 1 + ((pick >> 2) % 10);
  if (pick % 3 === 0) return { ...field, tagPad: pad };
  if (field.content.kind === "varint") return { ...field, content: { ...field.content, pad } };
  if (field.content.kind === "packed" && pick % 3 === 1) {
    const elements = field.content.elements.map((each) =>
      field.content.kind === "packed" && field.content.wire === VARINT ? overlong(each) : each,
    );
    return { ...field, content: { ...field.content, elements } };
  }
  return { ...field, lengthPad: pad };
}

function overlong(element: Uint8Array): Uint8Array {
  if (element.length > 9) return element;
  const longer = new Uint8Array(element.length + 1);
  longer.set(element);
  (longer[element.length - 1] as number) |= 0x80;
  return longer;
}

function other(content: ProtobufContent, pick: number): ProtobufContent {
  switch (content.kind) {
    case "varint":
      return { ...content, value: pickOf(NUMBERS, pick) };
    case "message":
      return pick % 2 === 0 ? { ...content, fields: [] } : { kind: "raw", bytes: pickOf(RAW, pick >> 1) };
    case "packed":
      return {
        ...content,
        elements: [...content.elements, content.wire === VARINT ? varint(pickOf(NUMBERS, pick)) : pickOf(RAW, pick)],
      };
    default:
      return { kind: "raw", bytes: pickOf(RAW, pick) };
  }
}

/** A packed list as single occurrences or as two runs; single occurrences as a run. */
function unpacked(field: ProtobufField, pick: number): readonly ProtobufField[] {
  const { number, content } = field;
  if (content.kind !== "packed") {
    if (content.kind !== "varint") return [field];
    return [{ number, wire: DELIMITED, content: { kind: "raw", bytes: varint(content.value) } }];
  }
  if (pick % 2 === 0) {
    return content.elements.map((bytes) => ({ number, wire: content.wire, content: { kind: "raw", bytes } }));
  }
  const half = Math.floor(content.elements.length / 2);
  const run = (elements: readonly Uint8Array[]): ProtobufField => ({ ...field, content: { ...content, elements } });
  return [run(content.elements.slice(0, half)), run([]), run(content.elements.slice(half))];
}

/** A message as two occurrences that a reader merges, each with a part of its fields. */
function halves(field: ProtobufField, pick: number): readonly ProtobufField[] {
  const { content } = field;
  if (content.kind !== "message") return [field, field];
  const at = pick % (content.fields.length + 1);
  const part = (fields: readonly ProtobufField[]): ProtobufField => ({ ...field, content: { ...content, fields } });
  return [part(content.fields.slice(0, at)), part(content.fields.slice(at))];
}
