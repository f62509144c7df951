import { MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS } from "../timestamp.ts";
import { abstain } from "./abstain.ts";
import { highWord, lowWord, splitDouble, splitSigned, splitUnsigned } from "./bits.ts";
import { keysByBytes } from "./map-keys.ts";
import type { MemberName } from "./member-name.ts";
import { PayloadOutput } from "./payload-output.ts";
import { elements } from "./plain-value.ts";

const TWO_16 = 0x1_0000;
const TWO_32 = 2 ** 32;
const TWO_34 = 2 ** 34;

/** The longest head of a string, and the longest scalar. */
const HEAD_BYTES = 5;
const SCALAR_BYTES = 15;

/** A string of this many bytes or less has a head of one byte. */
const FIXSTR_BYTES = 0x1f;

/** Strings up to this length are written unit by unit; for longer ones the call into the engine pays. */
const SHORT = FIXSTR_BYTES;

/** The most members that a map's head of one byte counts. */
const FIXMAP = 15;

/**
 * A MessagePack payload while generated code writes it. Each method takes the member's name; null = none, for elements.
 *
 * Everything is checked on the way: what a field of the type cannot hold makes the writer abstain.
 */
export class MsgpackOutput extends PayloadOutput {
  /** The head of a record of exactly `count` members. */
  record(name: MemberName | null, count: number): void {
    if (name !== null) this.put(name.msgpack);
    this.#count(count, 0x80, 0xde);
  }

  /** Begins a record of at most `most` members; gives what `closeRecord` needs. */
  openRecord(name: MemberName | null, most: number): number {
    if (name !== null) this.put(name.msgpack);
    const { at } = this;
    const width = most > FIXMAP ? 3 : 1;
    if (at + width > this.buffer.length) this.grow(width);
    this.at = at + width;
    return at;
  }

  /** Ends a record that turned out to have `count` members. */
  closeRecord(start: number, most: number, count: number): void {
    const { buffer } = this;
    if (most <= FIXMAP) buffer[start] = 0x80 | count;
    else if (count > FIXMAP) {
      buffer[start] = 0xde;
      buffer[start + 1] = count >>> 8;
      buffer[start + 2] = count;
    } else {
      buffer[start] = 0x80 | count;
      buffer.copyWithin(start + 1, start + 3, this.at);
      this.at -= 2;
    }
  }

  /** The head of a list; gives its elements. */
  list<Element>(name: MemberName | null, list: readonly Element[]): readonly Element[] {
    if (name !== null) this.put(name.msgpack);
    const found = elements(list);
    this.#count(found.length, 0x90, 0xdc);
    return found;
  }

  /** The head of a map; gives its keys in their order. */
  map(name: MemberName | null, map: object): readonly string[] {
    if (name !== null) this.put(name.msgpack);
    const keys = keysByBytes.of(map);
    this.#count(keys.length, 0x80, 0xde);
    return keys;
  }

  #count(count: number, fix: number, wide: number): void {
    this.#room(HEAD_BYTES);
    if (count <= FIXMAP) this.#byte(fix | count);
    else if (count < TWO_16) {
      this.#byte(wide);
      this.#two(count);
    } else {
      this.#byte(wide + 1);
      this.#four(count);
    }
  }

  #room(length: number): void {
    if (this.at + length > this.buffer.length) this.grow(length);
  }

  #byte(byte: number): void {
    this.buffer[this.at] = byte;
    this.at += 1;
  }

  #two(value: number): void {
    const { buffer, at } = this;
    buffer[at] = value >>> 8;
    buffer[at + 1] = value;
    this.at = at + 2;
  }

  #four(value: number): void {
    const { buffer, at } = this;
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
    this.at = at + 4;
  }

  string(name: MemberName | null, value: unknown): void {
    if (typeof value !== "string") return abstain();
    if (name !== null) this.put(name.msgpack);
    const { length } = value;
    this.#room(length * 3 + HEAD_BYTES);
    if (length > SHORT) return this.#longString(value, headWidth(length));
    const { buffer } = this;
    const start = this.at + 1;
    let index = 0;
    for (; index < length; index += 1) {
      const unit = value.charCodeAt(index);
      if (unit >= 0x80) return this.#longString(value, 1);
      buffer[start + index] = unit;
    }
    buffer[start - 1] = 0xa0 | length;
    this.at = start + length;
  }

  /** A string that is not short ASCII, behind a head of probably `width` bytes. */
  #longString(text: string, width: number): void {
    const { at } = this;
    const written = this.utf8(text, at + width);
    this.at = at + width + written;
    const needed = headWidth(written);
    if (needed !== width) this.insert(at, needed - width);
    if (needed === 1) this.buffer[at] = 0xa0 | written;
    else this.#stringHead(at, written, needed);
  }

  #stringHead(at: number, length: number, width: number): void {
    const { buffer } = this;
    buffer[at] = width === 2 ? 0xd9 : width === 3 ? 0xda : 0xdb;
    for (let index = width - 1, rest = length; index > 0; index -= 1, rest >>>= 8) buffer[at + index] = rest;
  }

  bytes(name: MemberName | null, value: unknown): void {
    if (!(value instanceof Uint8Array)) return abstain();
    if (name !== null) this.put(name.msgpack);
    const { length } = value;
    this.#room(length + HEAD_BYTES);
    if (length < 0x100) {
      this.#byte(0xc4);
      this.#byte(length);
    } else if (length < TWO_16) {
      this.#byte(0xc5);
      this.#two(length);
    } else {
      this.#byte(0xc6);
      this.#four(length);
    }
    this.buffer.set(value, this.at);
    this.at += length;
  }

  bool(name: MemberName | null, value: unknown): void {
    if (typeof value !== "boolean") return abstain();
    if (name !== null) this.put(name.msgpack);
    this.#room(1);
    this.#byte(value ? 0xc3 : 0xc2);
  }

  double(name: MemberName | null, value: unknown): void {
    if (typeof value !== "number" || !Number.isFinite(value)) return abstain();
    if (name !== null) this.put(name.msgpack);
    this.#room(SCALAR_BYTES);
    splitDouble(value + 0);
    this.#byte(0xcb);
    this.#four(highWord());
    this.#four(lowWord());
  }

  /** int32, sint32 and enums. */
  int32(name: MemberName | null, value: unknown): void {
    if (typeof value !== "number" || (value | 0) !== value) return abstain();
    if (name !== null) this.put(name.msgpack);
    this.#integer(value);
  }

  uint32(name: MemberName | null, value: unknown): void {
    if (typeof value !== "number" || value >>> 0 !== value) return abstain();
    if (name !== null) this.put(name.msgpack);
    this.#integer(value);
  }

  /** int64 and sint64. */
  int64(name: MemberName | null, value: unknown): void {
    if (typeof value !== "bigint" || !splitSigned(value)) return abstain();
    if (name !== null) this.put(name.msgpack);
    const high = highWord();
    const low = lowWord();
    // Between the 32-bit integers and the rest lies where the form changes.
    if (high === 0) this.#integer(low);
    else if (high === 0xffff_ffff && low >= 0x8000_0000) this.#integer(low | 0);
    else this.#eight(high >= 0x8000_0000 ? 0xd3 : 0xcf, low, high);
  }

  uint64(name: MemberName | null, value: unknown): void {
    if (typeof value !== "bigint" || !splitUnsigned(value)) return abstain();
    if (name !== null) this.put(name.msgpack);
    const high = highWord();
    if (high === 0) this.#integer(lowWord());
    else this.#eight(0xcf, lowWord(), high);
  }

  /** int64 and sint64 with JS_NUMBER. */
  safeInt64(name: MemberName | null, value: unknown): void {
    if (!Number.isSafeInteger(value)) return abstain();
    if (name !== null) this.put(name.msgpack);
    this.#integer(value as number);
  }

  /** uint64 with JS_NUMBER. */
  safeUint64(name: MemberName | null, value: unknown): void {
    if (!Number.isSafeInteger(value) || (value as number) < 0) return abstain();
    if (name !== null) this.put(name.msgpack);
    this.#integer(value as number);
  }

  /** The shortest form of a safe integer: of the uint family from 0 up. */
  #integer(value: number): void {
    this.#room(SCALAR_BYTES);
    if (value >= 0) this.#unsigned(value);
    else this.#negative(value);
  }

  #unsigned(value: number): void {
    if (value < 0x80) this.#byte(value);
    else if (value < 0x100) {
      this.#byte(0xcc);
      this.#byte(value);
    } else if (value < TWO_16) {
      this.#byte(0xcd);
      this.#two(value);
    } else if (value < TWO_32) {
      this.#byte(0xce);
      this.#four(value);
    } else {
      const high = Math.floor(value / TWO_32);
      this.#eight(0xcf, value - high * TWO_32, high);
    }
  }

  #negative(value: number): void {
    if (value >= -0x20) this.#byte(value);
    else if (value >= -0x80) {
      this.#byte(0xd0);
      this.#byte(value);
    } else if (value >= -0x8000) {
      this.#byte(0xd1);
      this.#two(value);
    } else if (value >= -0x8000_0000) {
      this.#byte(0xd2);
      this.#four(value);
    } else {
      const high = Math.floor(value / TWO_32);
      this.#eight(0xd3, value - high * TWO_32, high);
    }
  }

  #eight(head: number, low: number, high: number): void {
    this.#room(SCALAR_BYTES);
    this.#byte(head);
    this.#four(high);
    this.#four(low);
  }

  /** Epoch ms as the timestamp extension, in the shortest of its three forms. */
  timestamp(name: MemberName | null, value: unknown): void {
    if (typeof value !== "number") return abstain();
    const ms = Math.floor(value);
    if (!(ms >= MIN_TIMESTAMP_MS && ms <= MAX_TIMESTAMP_MS)) return abstain();
    const seconds = Math.floor(ms / 1000);
    const nanos = (ms - seconds * 1000) * 1_000_000;
    if (name !== null) this.put(name.msgpack);
    this.#room(SCALAR_BYTES);
    const high = Math.floor(seconds / TWO_32);
    const low = seconds - high * TWO_32;
    if (seconds < 0 || seconds >= TWO_34) {
      this.#byte(0xc7);
      this.#byte(12);
      this.#byte(0xff);
      this.#four(nanos);
      this.#four(high);
    } else if (nanos === 0 && high === 0) {
      this.#byte(0xd6);
      this.#byte(0xff);
    } else {
      this.#byte(0xd7);
      this.#byte(0xff);
      // 30 bits of ns, 34 bits of seconds.
      this.#four(nanos * 4 + high);
    }
    this.#four(low);
  }
}

function headWidth(length: number): number {
  if (length <= FIXSTR_BYTES) return 1;
  if (length < 0x100) return 2;
  return length < TWO_16 ? 3 : 5;
}
