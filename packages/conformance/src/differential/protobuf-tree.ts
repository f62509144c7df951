import type { Field, MessageType } from "@cachepact/wire";
import { join } from "./mutation.ts";

/**
 * Protobuf as a tree of occurrences of fields, whose varints can be written overlong and whose lengths can lie.
 *
 * On purpose without a line of the codecs under test.
 */
export interface ProtobufField {
  readonly number: number;
  readonly wire: number;
  readonly content: ProtobufContent;
  /** Bytes by which the tag is longer than it need be. */
  readonly tagPad?: number;
  /** The same of the length. */
  readonly lengthPad?: number;
  /** A length that is not that of what follows. */
  readonly claims?: bigint;
}

export type ProtobufContent =
  | { readonly kind: "varint"; readonly value: bigint; readonly pad?: number }
  | { readonly kind: "raw"; readonly bytes: Uint8Array }
  | { readonly kind: "packed"; readonly elements: readonly Uint8Array[]; readonly wire: number }
  | { readonly kind: "message"; readonly schema: MessageType; readonly fields: readonly ProtobufField[] };

export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;

const TIME: MessageType = {
  message: "google.protobuf.Timestamp",
  fields: [
    { name: "seconds", number: 1, presence: "implicit", type: "int64" },
    { name: "nanos", number: 2, presence: "implicit", type: "int32" },
  ],
};

/** The message that a field's bytes hold, if they hold one. */
export function messageIn(field: Field): MessageType | undefined {
  const { type, presence } = field;
  if (presence === "map") {
    const key: Field = { name: "key", number: 1, presence: "implicit", type: "string" };
    return { message: "entry", fields: [key, { name: "value", number: 2, presence: "optional", type }] };
  }
  if (type === "timestamp") return TIME;
  return typeof type === "object" && "fields" in type ? type : undefined;
}

/** The wire type of one element of a field. */
export function wireOf({ type }: Field): number {
  if (type === "double") return FIXED64;
  const delimited = type === "string" || type === "bytes" || type === "timestamp";
  return delimited || (typeof type === "object" && "fields" in type) ? DELIMITED : VARINT;
}

/** Reads a canonical message; undefined when the bytes are something else. */
export function parseProtobuf(schema: MessageType, bytes: Uint8Array): readonly ProtobufField[] | undefined {
  try {
    return new TreeReader(bytes).fields(schema);
  } catch {
    return undefined;
  }
}

class TreeReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  fields(schema: MessageType): readonly ProtobufField[] {
    const found: ProtobufField[] = [];
    while (this.#at < this.#bytes.length) {
      const tag = Number(this.#varint());
      const number = tag >>> 3;
      const wire = tag & 7;
      const field = schema.fields.find((each) => each.number === number);
      found.push({ number, wire, content: this.#content(field, wire) });
    }
    return found;
  }

  #content(field: Field | undefined, wire: number): ProtobufContent {
    if (wire === VARINT) return { kind: "varint", value: this.#varint() };
    if (wire === FIXED64) return { kind: "raw", bytes: this.#take(8) };
    if (wire !== DELIMITED) throw new Error("not canonical");
    const bytes = this.#take(Number(this.#varint()));
    if (field === undefined) return { kind: "raw", bytes };
    const schema = messageIn(field);
    if (schema !== undefined) return { kind: "message", schema, fields: new TreeReader(bytes).fields(schema) };
    const element = wireOf(field);
    if (field.presence !== "repeated" || element === DELIMITED) return { kind: "raw", bytes };
    return { kind: "packed", wire: element, elements: new TreeReader(bytes).#elements(element) };
  }

  #elements(wire: number): readonly Uint8Array[] {
    const found: Uint8Array[] = [];
    while (this.#at < this.#bytes.length) {
      const start = this.#at;
      if (wire === VARINT) this.#varint();
      else this.#take(8);
      found.push(this.#bytes.slice(start, this.#at));
    }
    return found;
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#take(1)[0] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error("not canonical");
  }

  #take(size: number): Uint8Array {
    const bytes = this.#bytes.slice(this.#at, this.#at + size);
    if (bytes.length < size) throw new Error("cut");
    this.#at += size;
    return bytes;
  }
}

/** The bytes of a tree. */
export function writeProtobuf(fields: readonly ProtobufField[]): Uint8Array {
  return join(...fields.flatMap((field) => [varint(tagOf(field), field.tagPad), writeContent(field)]));
}

function tagOf({ number, wire }: ProtobufField): bigint {
  return (BigInt(number) << 3n) | BigInt(wire);
}

function writeContent(field: ProtobufField): Uint8Array {
  const { content } = field;
  if (content.kind === "varint") return varint(content.value, content.pad);
  const bytes =
    content.kind === "raw"
      ? content.bytes
      : content.kind === "packed"
        ? join(...content.elements)
        : writeProtobuf(content.fields);
  if (field.wire !== DELIMITED) return bytes;
  return join(varint(field.claims ?? BigInt(bytes.length), field.lengthPad), bytes);
}

/** A varint, `pad` bytes longer than it need be. Values above 64 bits are written as they are. */
export function varint(value: bigint, pad = 0): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(Number(rest & 0x7fn));
    rest >>= 7n;
  } while (rest > 0n);
  bytes.push(...Array<number>(pad).fill(0));
  return Uint8Array.from(bytes, (byte, index) => (index < bytes.length - 1 ? byte | 0x80 : byte));
}
