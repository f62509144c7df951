import { timestampFromParts } from "../timestamp.ts";
import { abstain } from "./abstain.ts";
import { doubleOf, signedOf, unsignedOf } from "./bits.ts";
import { PayloadInput } from "./payload-input.ts";
import type { UnknownMembers } from "./unknown-members.ts";

const TWO_32 = 2 ** 32;

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

const TAG_BYTES = 5;

/** Tags of the parts of a map's entry, both strings. */
const KEY_TAG = 0x0a;
const VALUE_TAG = 0x12;

/** A Protobuf payload while generated code reads it, field after field in the canonical order. */
export class ProtobufInput extends PayloadInput {
  /** The end of the message that is being read. */
  #end = 0;
  #low = 0;
  #high = 0;

  /** Begins the payload, again if need be; gives the end of its root message. */
  begin(): number {
    this.rewind();
    this.#end = this.buffer.length;
    return this.#end;
  }

  /** Whether the field of this tag comes next; passes over the tag. */
  tag(tag: number): boolean {
    const { at } = this;
    if (at >= this.#end) return false;
    if (tag < 0x80) {
      if (this.buffer[at] !== tag) return false;
      this.at = at + 1;
      return true;
    }
    return this.#longTag(tag);
  }

  #longTag(tag: number): boolean {
    const bytes = this.buffer;
    let { at } = this;
    let rest = tag;
    while (rest >= 0x80) {
      if (bytes[at] !== ((rest & 0x7f) | 0x80)) return false;
      at += 1;
      rest >>>= 7;
    }
    if (bytes[at] !== rest || at >= this.#end) return false;
    this.high += at - this.at;
    this.at = at + 1;
    return true;
  }

  /** Whether the message, or the packed list, goes on. */
  more(): boolean {
    return this.at < this.#end;
  }

  /** Begins a message or a packed list behind its tag; gives the end of what is around it, for `leave`. */
  enter(): number {
    const outer = this.#end;
    this.#end = this.#length() + this.at;
    return outer;
  }

  /**
   * Ends what `enter` began. Fields above the message's highest are a newer writer's and passed over; anything else that
   * is left, another order above all, makes the reader abstain.
   *
   * @param unknown null for what is no message of the contract
   */
  leave(outer: number, unknown: UnknownMembers | null): void {
    if (this.at !== this.#end) this.#passOver(unknown ?? abstain());
    this.#end = outer;
  }

  #passOver(unknown: UnknownMembers): void {
    while (this.at < this.#end) {
      const number = this.#nextNumber();
      if (number <= unknown.lastNumber) abstain();
      this.#skip();
      if (!unknown.gaveUpNumber(number)) this.passedOver = true;
    }
  }

  /** Passes over fields of an older writer whose numbers, from `first` to `last`, were given up. */
  givenUp(first: number, last: number): void {
    while (this.at < this.#end) {
      const { at, high } = this;
      const number = this.#nextNumber();
      if (number < first || number > last) {
        this.at = at;
        this.high = high;
        return;
      }
      this.#skip();
    }
  }

  /** Reads a tag into `#low`; gives its field number. */
  #nextNumber(): number {
    const { at } = this;
    this.#varint();
    const number = this.#low >>> 3;
    return this.#high !== 0 || this.at - at > TAG_BYTES || number === 0 ? abstain() : number;
  }

  /** Passes over the value behind the tag that was read last. */
  #skip(): void {
    switch (this.#low & 7) {
      case VARINT:
        return this.#varint();
      case DELIMITED:
        return this.#passWithin(this.#length());
      case FIXED64:
        return this.#passWithin(8);
      case FIXED32:
        return this.#passWithin(4);
      default:
        return abstain();
    }
  }

  #passWithin(length: number): void {
    if (length > this.#end - this.at) abstain();
    this.pass(length);
  }

  #length(): number {
    const { at } = this;
    if (at >= this.#end) return abstain();
    let length = this.buffer[at] as number;
    if (length < 0x80) this.at = at + 1;
    else {
      this.#varint();
      // Four bytes hold every length that a payload can have; the interpreter knows what longer forms are.
      if (this.at - at > 4) return abstain();
      length = this.#low;
    }
    return length <= this.#end - this.at ? length : abstain();
  }

  string(): string {
    return this.takeText(this.#length());
  }

  /** A string that is the key of a map. */
  key(): string {
    return this.takeKey(this.#length());
  }

  /** An entry of a `map<string, string>` behind its tag, into `map`. */
  stringEntry(map: Record<string, string>): void {
    const { at, buffer } = this;
    const end = this.#end;
    if (at + 3 <= end) {
      // The canonical form with lengths of one byte each, which is that of nearly every entry.
      const size = buffer[at] as number;
      const keySize = buffer[at + 2] as number;
      const valueAt = at + 3 + keySize;
      if (buffer[at + 1] === KEY_TAG && size < 0x80 && at + 1 + size <= end && valueAt + 2 <= at + 1 + size) {
        const valueSize = at - 1 + size - valueAt;
        if (buffer[valueAt] === VALUE_TAG && buffer[valueAt + 1] === valueSize) {
          this.at = at + 3;
          const key = this.takeKey(keySize);
          this.at += 2;
          map[key] = this.takeText(valueSize);
          return;
        }
      }
    }
    const outer = this.enter();
    const key = this.tag(KEY_TAG) ? this.key() : "";
    map[key] = this.tag(VALUE_TAG) ? this.string() : "";
    this.leave(outer, null);
  }

  bytes(): Uint8Array {
    return this.takeBytes(this.#length());
  }

  bool(): boolean {
    this.#varint();
    return this.#low !== 0 || this.#high !== 0;
  }

  double(): number {
    const { at } = this;
    if (this.#end - at < 8) return abstain();
    this.pass(8);
    const value = doubleOf(this.#word(at), this.#word(at + 4));
    return Number.isFinite(value) ? value + 0 : abstain();
  }

  /** int32 and enums. */
  int32(): number {
    const { at } = this;
    if (at < this.#end && (this.buffer[at] as number) < 0x80) {
      this.at = at + 1;
      return this.buffer[at] as number;
    }
    this.#varint();
    const value = this.#low | 0;
    return this.#high === (value < 0 ? 0xffff_ffff : 0) ? value : abstain();
  }

  uint32(): number {
    this.#varint();
    return this.#high === 0 ? this.#low : abstain();
  }

  sint32(): number {
    const bits = this.uint32();
    return (bits >>> 1) ^ -(bits & 1);
  }

  int64(): bigint {
    this.#varint();
    return this.#high < 0x20_0000 ? BigInt(this.#high * TWO_32 + this.#low) : signedOf(this.#low, this.#high);
  }

  uint64(): bigint {
    this.#varint();
    return this.#high < 0x20_0000 ? BigInt(this.#high * TWO_32 + this.#low) : unsignedOf(this.#low, this.#high);
  }

  sint64(): bigint {
    this.#varint();
    const bits = unsignedOf(this.#low, this.#high);
    return (bits >> 1n) ^ -(bits & 1n);
  }

  /** int64 with JS_NUMBER. */
  safeInt64(): number {
    const { at } = this;
    if (at < this.#end && (this.buffer[at] as number) < 0x80) {
      this.at = at + 1;
      return this.buffer[at] as number;
    }
    this.#varint();
    return safe((this.#high | 0) * TWO_32 + this.#low);
  }

  /** uint64 with JS_NUMBER. */
  safeUint64(): number {
    this.#varint();
    return safe(this.#high * TWO_32 + this.#low);
  }

  /** sint64 with JS_NUMBER. */
  safeSint64(): number {
    return safe(Number(this.sint64()));
  }

  /** Epoch ms of a google.protobuf.Timestamp. */
  timestamp(): number {
    const outer = this.enter();
    const seconds = this.tag(0x08) ? this.safeInt64() : 0;
    const nanos = this.tag(0x10) ? this.int32() : 0;
    this.leave(outer, null);
    return timestampFromParts(seconds, nanos) ?? abstain();
  }

  #word(at: number): number {
    const bytes = this.buffer;
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    return low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
  }

  /** Reads a varint of up to 64 bits into `#low` and `#high`. */
  #varint(): void {
    const bytes = this.buffer;
    let { at } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= this.#end) abstain();
      const byte = bytes[at] as number;
      at += 1;
      const part = byte & 0x7f;
      if (shift < 28) low |= part << shift;
      else if (shift === 28) {
        low |= part << 28;
        high = part >>> 4;
      } else high |= part << (shift - 32);
      if (byte < 0x80) {
        // The tenth byte holds the 64th bit and nothing else.
        if (shift === 63 && byte > 1) abstain();
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        this.high += at - this.at - 1;
        this.at = at;
        return;
      }
    }
    abstain();
  }
}

function safe(value: number): number {
  return Number.isSafeInteger(value) ? value : abstain();
}
