import { MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS } from "../timestamp.ts";
import { abstain } from "./abstain.ts";
import { highWord, lowWord, splitDouble, splitSigned, splitUnsigned } from "./bits.ts";
import { keysByBytes } from "./map-keys.ts";
import { PayloadOutput } from "./payload-output.ts";
import { elements } from "./plain-value.ts";

const TWO_32 = 2 ** 32;

/** Tags of the parts of a map's entry, both strings. */
const KEY_TAG = 0x0a;
const VALUE_TAG = 0x12;

/** The longest tag, and the longest varint. */
const TAG_BYTES = 5;
const VARINT_BYTES = 10;

/** Strings up to this length are written unit by unit; for longer ones the call into the engine pays. */
const SHORT = 32;

/**
 * A Protobuf payload while generated code writes it. Each method takes the field's tag; 0 = none, for elements of a
 * packed list and for the root.
 *
 * Everything is checked on the way: what a field of the type cannot hold makes the writer abstain.
 */
export class ProtobufOutput extends PayloadOutput {
  /** Begins a message, a map entry or a packed list; gives what `close` needs. */
  open(tag: number): number {
    if (tag === 0) return 0;
    this.#tag(tag, 1);
    this.at += 1;
    return this.at;
  }

  /** The elements of a list. */
  list<Element>(list: readonly Element[]): readonly Element[] {
    return elements(list);
  }

  /** The keys of a map in their order. */
  map(map: object): readonly string[] {
    return keysByBytes.of(map);
  }

  /** Ends what `open` began, and writes its length. */
  close(start: number): void {
    if (start === 0) return;
    const length = this.at - start;
    if (length < 0x80) this.buffer[start - 1] = length;
    else {
      const width = widthOf(length);
      this.insert(start, width - 1);
      this.#putVarint(start - 1, length);
    }
  }

  /** Writes a tag and makes room for `length` bytes behind it. */
  #tag(tag: number, length: number): void {
    if (this.at + TAG_BYTES + length > this.buffer.length) this.grow(TAG_BYTES + length);
    if (tag === 0) return;
    if (tag < 0x80) {
      this.buffer[this.at] = tag;
      this.at += 1;
    } else this.at = this.#putVarint(this.at, tag);
  }

  /** Writes a number below 2^32 as a varint; gives where it ends. */
  #putVarint(from: number, value: number): number {
    const { buffer } = this;
    let at = from;
    let rest = value;
    while (rest >= 0x80) {
      buffer[at] = (rest & 0x7f) | 0x80;
      at += 1;
      rest >>>= 7;
    }
    buffer[at] = rest;
    return at + 1;
  }

  /** Writes 64 bits as a varint at `at`. */
  #varint(low: number, high: number): void {
    const { buffer } = this;
    let { at } = this;
    let lower = low;
    let upper = high;
    while (upper !== 0) {
      buffer[at] = (lower & 0x7f) | 0x80;
      at += 1;
      lower = ((lower >>> 7) | (upper << 25)) >>> 0;
      upper >>>= 7;
    }
    this.at = this.#putVarint(at, lower);
  }

  string(tag: number, value: unknown): void {
    if (typeof value !== "string") return abstain();
    const { length } = value;
    const room = TAG_BYTES + length * 3 + VARINT_BYTES;
    if (this.at + room > this.buffer.length) this.grow(room);
    const { buffer } = this;
    let { at } = this;
    if (tag < 0x80) buffer[at] = tag;
    else at = this.#putVarint(at, tag) - 1;
    if (length > SHORT) return this.#longString(value, at + 1);
    const start = at + 2;
    // Written first and judged afterwards, four at a time: a branch for each unit costs more than the store.
    let seen = 0;
    let index = 0;
    for (const last = length - 3; index < last; index += 4) {
      const first = value.charCodeAt(index);
      const second = value.charCodeAt(index + 1);
      const third = value.charCodeAt(index + 2);
      const fourth = value.charCodeAt(index + 3);
      const to = start + index;
      buffer[to] = first;
      buffer[to + 1] = second;
      buffer[to + 2] = third;
      buffer[to + 3] = fourth;
      seen |= first | second | third | fourth;
    }
    for (; index < length; index += 1) {
      const unit = value.charCodeAt(index);
      buffer[start + index] = unit;
      seen |= unit;
    }
    if (seen >= 0x80) return this.#longString(value, at + 1);
    buffer[at + 1] = length;
    this.at = start + length;
  }

  /** An entry of a `map<string, string>`. */
  stringEntry(tag: number, key: string, value: unknown): void {
    if (typeof value !== "string") return abstain();
    const keySize = key.length;
    const valueSize = value.length;
    if (tag < 0x80 && keySize + valueSize <= 96) {
      const room = keySize + valueSize + 16;
      if (this.at + room > this.buffer.length) this.grow(room);
      const { buffer, at } = this;
      buffer[at] = tag;
      buffer[at + 1] = keySize + valueSize + 4;
      buffer[at + 2] = KEY_TAG;
      buffer[at + 3] = keySize;
      let seen = 0;
      let to = at + 4;
      for (let index = 0; index < keySize; index += 1) {
        const unit = key.charCodeAt(index);
        seen |= unit;
        buffer[to + index] = unit;
      }
      to += keySize;
      buffer[to] = VALUE_TAG;
      buffer[to + 1] = valueSize;
      to += 2;
      for (let index = 0; index < valueSize; index += 1) {
        const unit = value.charCodeAt(index);
        seen |= unit;
        buffer[to + index] = unit;
      }
      if (seen < 0x80) {
        this.at = to + valueSize;
        return;
      }
    }
    const start = this.open(tag);
    this.string(KEY_TAG, key);
    this.string(VALUE_TAG, value);
    this.close(start);
  }

  /** Writes any string at `at`. Most text is ASCII: its length is known before it is written. */
  #longString(text: string, at: number): void {
    const width = widthOf(text.length);
    const written = this.utf8(text, at + width);
    this.at = at + width + written;
    if (widthOf(written) !== width) this.insert(at, widthOf(written) - width);
    this.#putVarint(at, written);
  }

  bytes(tag: number, value: unknown): void {
    if (!(value instanceof Uint8Array)) return abstain();
    this.#tag(tag, value.length + VARINT_BYTES);
    this.at = this.#putVarint(this.at, value.length);
    this.buffer.set(value, this.at);
    this.at += value.length;
  }

  /** Bytes of an implicit field, which are left out when there are none. */
  implicitBytes(tag: number, value: unknown): void {
    if (!(value instanceof Uint8Array) || value.length > 0) this.bytes(tag, value);
  }

  bool(tag: number, value: unknown): void {
    if (typeof value !== "boolean") return abstain();
    this.#tag(tag, 1);
    this.buffer[this.at] = value ? 1 : 0;
    this.at += 1;
  }

  double(tag: number, value: unknown): void {
    if (typeof value !== "number" || !Number.isFinite(value)) return abstain();
    this.#tag(tag, 8);
    splitDouble(value + 0);
    this.#word(lowWord());
    this.#word(highWord());
  }

  #word(word: number): void {
    const { buffer, at } = this;
    buffer[at] = word;
    buffer[at + 1] = word >>> 8;
    buffer[at + 2] = word >>> 16;
    buffer[at + 3] = word >>> 24;
    this.at = at + 4;
  }

  /** int32 and enums. */
  int32(tag: number, value: unknown): void {
    if (typeof value !== "number" || (value | 0) !== value) return abstain();
    this.#tag(tag, VARINT_BYTES);
    this.#varint(value >>> 0, value < 0 ? 0xffff_ffff : 0);
  }

  uint32(tag: number, value: unknown): void {
    if (typeof value !== "number" || value >>> 0 !== value) return abstain();
    this.#tag(tag, VARINT_BYTES);
    this.at = this.#putVarint(this.at, value);
  }

  sint32(tag: number, value: unknown): void {
    if (typeof value !== "number" || (value | 0) !== value) return abstain();
    this.#tag(tag, VARINT_BYTES);
    this.at = this.#putVarint(this.at, ((value << 1) ^ (value >> 31)) >>> 0);
  }

  int64(tag: number, value: unknown): void {
    if (typeof value !== "bigint" || !splitSigned(value)) return abstain();
    this.#bits(tag);
  }

  uint64(tag: number, value: unknown): void {
    if (typeof value !== "bigint" || !splitUnsigned(value)) return abstain();
    this.#bits(tag);
  }

  sint64(tag: number, value: unknown): void {
    if (typeof value !== "bigint" || !splitSigned(value)) return abstain();
    const low = lowWord();
    const high = highWord();
    const sign = high >> 31;
    this.#tag(tag, VARINT_BYTES);
    this.#varint(((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
  }

  #bits(tag: number): void {
    this.#tag(tag, VARINT_BYTES);
    this.#varint(lowWord(), highWord());
  }

  /** int64 with JS_NUMBER. */
  safeInt64(tag: number, value: unknown): void {
    if (!Number.isSafeInteger(value)) return abstain();
    this.#safe(tag, value as number);
  }

  /** uint64 with JS_NUMBER. */
  safeUint64(tag: number, value: unknown): void {
    if (!Number.isSafeInteger(value) || (value as number) < 0) return abstain();
    this.#safe(tag, value as number);
  }

  /** sint64 with JS_NUMBER. */
  safeSint64(tag: number, value: unknown): void {
    if (!Number.isSafeInteger(value)) return abstain();
    this.sint64(tag, BigInt(value as number));
  }

  #safe(tag: number, value: number): void {
    this.#tag(tag, VARINT_BYTES);
    if (value >= 0 && value < TWO_32) {
      this.at = this.#putVarint(this.at, value);
      return;
    }
    // Two's complement of both halves: the upper one is floored, so the lower one is never negative.
    const high = Math.floor(value / TWO_32);
    this.#varint((value - high * TWO_32) >>> 0, high >>> 0);
  }

  /** Epoch ms as a google.protobuf.Timestamp; its parts follow the rule of implicit fields. */
  timestamp(tag: number, value: unknown): void {
    if (typeof value !== "number") return abstain();
    const ms = Math.floor(value);
    if (!(ms >= MIN_TIMESTAMP_MS && ms <= MAX_TIMESTAMP_MS)) return abstain();
    const seconds = Math.floor(ms / 1000);
    const nanos = (ms - seconds * 1000) * 1_000_000;
    const start = this.open(tag);
    if (seconds !== 0) this.safeInt64(0x08, seconds);
    if (nanos !== 0) this.uint32(0x10, nanos);
    this.close(start);
  }
}

function widthOf(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}
