import { timestampFromParts } from "../timestamp.ts";
import { compareUtf8 } from "../utf8.ts";
import { abstain } from "./abstain.ts";
import { doubleOf, signedOf, unsignedOf } from "./bits.ts";
import { type MemberName, wordAt } from "./member-name.ts";
import { PayloadInput } from "./payload-input.ts";
import { highBytes } from "./payload-text.ts";
import type { UnknownMembers } from "./unknown-members.ts";

const TWO_32 = 2 ** 32;

const NIL = 0xc0;

/** The type of the timestamp extension, -1. */
const TIMESTAMP = 0xff;

/**
 * A MessagePack payload while generated code reads it, member after member in the canonical order: the names that may
 * come next are known, so they are compared and never made into strings.
 */
export class MsgpackInput extends PayloadInput {
  /** Members of the current record that are still to come. */
  #left = 0;

  /** Begins the payload, again if need be. */
  begin(): void {
    this.rewind();
    this.#left = 0;
  }

  /** Abstains when bytes are left. */
  end(): void {
    if (this.at !== this.buffer.length) abstain();
  }

  /** Begins a record; gives what `leave` needs. */
  enter(): number {
    const outer = this.#left;
    this.#left = this.#count(0x80, 0xde);
    return outer;
  }

  /**
   * Ends a record. Members whose names come behind the message's last are a newer writer's and passed over; any other
   * that is left makes the reader abstain.
   */
  leave(outer: number, unknown: UnknownMembers): void {
    let previous = unknown.lastName;
    while (this.#left > 0) {
      const next = this.#nextName();
      if (next <= previous) abstain();
      previous = next;
      this.#passOver(next, unknown);
    }
    this.#left = outer;
  }

  /** Whether the member of this name comes next; passes over the name, and over members of a newer writer before it. */
  name(name: MemberName): boolean {
    if (this.#left === 0) return false;
    return this.#isNext(name) || this.#passOverTo(name);
  }

  #isNext(name: MemberName): boolean {
    const { at, buffer } = this;
    const { length } = name.msgpack;
    // Four bytes at a time, which overlap where the name is no multiple of four.
    if (at + Math.max(length, 4) > buffer.length || length > 12) return this.#longName(name);
    if ((wordAt(buffer, at) & name.mask) !== name.first) return false;
    if (length > 4 && wordAt(buffer, at + length - 4) !== name.last) return false;
    if (length > 8 && wordAt(buffer, at + 4) !== name.second) return false;
    this.#pass(length);
    return true;
  }

  #passOverTo({ name, previous, unknown }: MemberName): boolean {
    let behind = previous;
    while (this.#left > 0) {
      const { at, high } = this;
      const next = this.#nextName();
      if (next === name) {
        this.#left -= 1;
        return true;
      }
      if (next > name) {
        this.at = at;
        this.high = high;
        return false;
      }
      // The name of a member that was there before, or one that comes twice, or another order.
      if (next <= behind) abstain();
      behind = next;
      this.#passOver(next, unknown);
    }
    return false;
  }

  /** Reads a name that is none of the known ones, which are ASCII; abstains for others, whose order is that of bytes. */
  #nextName(): string {
    const length = this.#stringLength();
    const start = this.at;
    if (highBytes(this.buffer, start, start + length) > 0) abstain();
    this.at = start + length;
    return this.text.substring(start, start + length);
  }

  /** Passes over the value of a member that this message does not have. */
  #passOver(name: string, unknown: UnknownMembers): void {
    this.#left -= 1;
    const isNil = this.buffer[this.at] === NIL;
    this.#skip(unknown.levels);
    if (!isNil && !unknown.gaveUpName(name)) this.passedOver = true;
  }

  #skip(levels: number): void {
    const head = this.#byte();
    if (head < 0x80 || head >= 0xe0) return;
    if (head < 0x90) return this.#skipAll((head & 0x0f) * 2, levels);
    if (head < 0xa0) return this.#skipAll(head & 0x0f, levels);
    if (head < 0xc0) return this.pass(head & 0x1f);
    switch (head) {
      case NIL:
      case 0xc2:
      case 0xc3:
        return;
      case 0xc4:
      case 0xd9:
        return this.pass(this.#byte());
      case 0xc5:
      case 0xda:
        return this.pass(this.#two());
      case 0xc6:
      case 0xdb:
        return this.pass(this.#four());
      case 0xc7:
        return this.#skipExt(this.#byte());
      case 0xc8:
        return this.#skipExt(this.#two());
      case 0xc9:
        return this.#skipExt(this.#four());
      case 0xcc:
      case 0xd0:
        return this.pass(1);
      case 0xcd:
      case 0xd1:
        return this.pass(2);
      case 0xca:
      case 0xce:
      case 0xd2:
        return this.pass(4);
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return this.pass(8);
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#skipExt(2 ** (head - 0xd4));
      case 0xdc:
        return this.#skipAll(this.#two(), levels);
      case 0xdd:
        return this.#skipAll(this.#four(), levels);
      case 0xde:
        return this.#skipAll(this.#two() * 2, levels);
      case 0xdf:
        return this.#skipAll(this.#four() * 2, levels);
      default:
        return abstain();
    }
  }

  #skipAll(count: number, levels: number): void {
    if (levels === 0 || count > this.buffer.length - this.at) abstain();
    for (let left = count; left > 0; left -= 1) this.#skip(levels - 1);
  }

  #skipExt(length: number): void {
    if (this.#byte() !== TIMESTAMP) abstain();
    this.pass(length);
  }

  #longName({ msgpack }: MemberName): boolean {
    const { at, buffer } = this;
    for (let index = 0; index < msgpack.length; index += 1) if (buffer[at + index] !== msgpack[index]) return false;
    this.#pass(msgpack.length);
    return true;
  }

  /** Passes over a name. Its first byte is the one above 7f, in all but names that are longer than any. */
  #pass(length: number): void {
    this.#left -= 1;
    this.high += 1;
    this.at += length;
  }

  /** The number of elements. */
  list(): number {
    return this.#count(0x90, 0xdc);
  }

  /** The number of entries of a map. */
  map(): number {
    return this.#count(0x80, 0xde);
  }

  #count(fix: number, wide: number): number {
    const head = this.#byte();
    if ((head & 0xf0) === fix) return head & 0x0f;
    if (head !== wide && head !== wide + 1) return abstain();
    const count = head === wide ? this.#two() : this.#four();
    // Each takes at least a byte: nothing is done for a count that cannot be true.
    return count <= this.buffer.length - this.at ? count : abstain();
  }

  #byte(): number {
    const { at, buffer } = this;
    if (at >= buffer.length) return abstain();
    this.at = at + 1;
    const byte = buffer[at] as number;
    this.high += byte >>> 7;
    return byte;
  }

  #two(): number {
    return (this.#byte() << 8) | this.#byte();
  }

  #four(): number {
    return ((this.#two() << 16) | this.#two()) >>> 0;
  }

  #stringLength(): number {
    const head = this.#byte();
    if ((head & 0xe0) === 0xa0) return this.#within(head & 0x1f);
    switch (head) {
      case 0xd9:
        return this.#within(this.#byte());
      case 0xda:
        return this.#within(this.#two());
      case 0xdb:
        return this.#within(this.#four());
      default:
        return abstain();
    }
  }

  #within(length: number): number {
    return length <= this.buffer.length - this.at ? length : abstain();
  }

  string(): string {
    return this.takeText(this.#stringLength());
  }

  /**
   * The key of a map behind the key `previous`.
   *
   * Abstains when they are not in canonical order: so no key comes twice.
   */
  keyAfter(previous: string | undefined): string {
    const key = this.takeKey(this.#stringLength());
    if (previous !== undefined && compareUtf8(previous, key) >= 0) abstain();
    return key;
  }

  bytes(): Uint8Array {
    const head = this.#byte();
    const length =
      head === 0xc4 ? this.#byte() : head === 0xc5 ? this.#two() : head === 0xc6 ? this.#four() : abstain();
    return this.takeBytes(length);
  }

  bool(): boolean {
    const head = this.#byte();
    return head === 0xc3 || (head === 0xc2 ? false : abstain());
  }

  /** A double of 8 bytes; integers and float32 are the interpreter's. */
  double(): number {
    if (this.#byte() !== 0xcb) return abstain();
    const high = this.#four();
    const value = doubleOf(this.#four(), high);
    return Number.isFinite(value) ? value + 0 : abstain();
  }

  /** Any integer of up to 32 bits. */
  #integer(head: number): number {
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xcc:
        return this.#byte();
      case 0xcd:
        return this.#two();
      case 0xce:
        return this.#four();
      case 0xd0:
        return (this.#byte() << 24) >> 24;
      case 0xd1:
        return (this.#two() << 16) >> 16;
      case 0xd2:
        return this.#four() | 0;
      default:
        return abstain();
    }
  }

  /** int32, sint32 and enums. */
  int32(): number {
    const value = this.#integer(this.#byte());
    return value < 0x8000_0000 ? value : abstain();
  }

  uint32(): number {
    const value = this.#integer(this.#byte());
    return value >= 0 ? value : abstain();
  }

  /** int64 and sint64. */
  int64(): bigint {
    const head = this.#byte();
    if (head !== 0xcf && head !== 0xd3) return BigInt(this.#integer(head));
    const high = this.#four();
    const low = this.#four();
    return head === 0xcf && high >= 0x8000_0000 ? abstain() : signedOf(low, high);
  }

  uint64(): bigint {
    const head = this.#byte();
    if (head === 0xcf) {
      const high = this.#four();
      return unsignedOf(this.#four(), high);
    }
    const value = this.#integer(head);
    return value >= 0 ? BigInt(value) : abstain();
  }

  /** int64 and sint64 with JS_NUMBER. */
  safeInt64(): number {
    const head = this.#byte();
    if (head !== 0xcf && head !== 0xd3) return this.#integer(head);
    const high = this.#four();
    const value = (head === 0xd3 ? high | 0 : high) * TWO_32 + this.#four();
    return Number.isSafeInteger(value) ? value : abstain();
  }

  /** uint64 with JS_NUMBER. */
  safeUint64(): number {
    const value = this.safeInt64();
    return value >= 0 ? value : abstain();
  }

  /** Epoch ms of the timestamp extension. */
  timestamp(): number {
    const head = this.#byte();
    if (head === 0xc7 && this.#byte() !== 12) return abstain();
    if (this.#byte() !== TIMESTAMP) return abstain();
    let ms: number | undefined;
    if (head === 0xd6) ms = timestampFromParts(this.#four(), 0);
    else if (head === 0xd7) {
      const nanosAndHigh = this.#four();
      ms = timestampFromParts((nanosAndHigh % 4) * TWO_32 + this.#four(), nanosAndHigh >>> 2);
    } else if (head === 0xc7) {
      const nanos = this.#four();
      const high = this.#four() | 0;
      ms = timestampFromParts(high * TWO_32 + this.#four(), nanos);
    }
    return ms ?? abstain();
  }
}
