import type { TimestampParts } from "../timestamp.ts";
import { utf8Length, writeUtf8 } from "../utf8.ts";

const INITIAL_BYTES = 256;

/** Writes MessagePack in the shortest form of each value. Integers are of the uint family from 0 up. */
export class MsgpackWriter {
  /** No string so far holds a character beyond ASCII. */
  ascii = true;
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #room(length: number): number {
    const at = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  #byte(byte: number): void {
    const at = this.#room(1);
    this.#bytes[at] = byte;
  }

  #byte8(tag: number, value: number): void {
    const at = this.#room(2);
    this.#bytes[at] = tag;
    this.#bytes[at + 1] = value;
  }

  #byte16(tag: number, value: number): void {
    const at = this.#room(3);
    this.#bytes[at] = tag;
    this.#view.setUint16(at + 1, value);
  }

  #byte32(tag: number, value: number): void {
    const at = this.#room(5);
    this.#bytes[at] = tag;
    this.#view.setUint32(at + 1, value);
  }

  #byte64(tag: number, value: bigint): void {
    const at = this.#room(9);
    this.#bytes[at] = tag;
    this.#view.setBigUint64(at + 1, value);
  }

  bool(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2);
  }

  integer(value: number | bigint): void {
    if (typeof value === "bigint") {
      if (value < -0x8000_0000n || value > 0xffff_ffffn)
        this.#byte64(value < 0n ? 0xd3 : 0xcf, BigInt.asUintN(64, value));
      else this.integer(Number(value));
    } else if (value >= 0) {
      if (value < 0x80) this.#byte(value);
      else if (value < 0x100) this.#byte8(0xcc, value);
      else if (value < 0x1_0000) this.#byte16(0xcd, value);
      else if (value < 0x1_0000_0000) this.#byte32(0xce, value);
      else this.#byte64(0xcf, BigInt(value));
    } else if (value >= -0x20) this.#byte(value & 0xff);
    else if (value >= -0x80) this.#byte8(0xd0, value & 0xff);
    else if (value >= -0x8000) this.#byte16(0xd1, value & 0xffff);
    else if (value >= -0x8000_0000) this.#byte32(0xd2, value >>> 0);
    else this.#byte64(0xd3, BigInt.asUintN(64, BigInt(value)));
  }

  /** Always the 8-byte form, so that 1.0 stays a double for every reader. */
  double(value: number): void {
    const at = this.#room(9);
    this.#bytes[at] = 0xcb;
    this.#view.setFloat64(at + 1, value);
  }

  /** A well-formed string. */
  string(text: string): void {
    const length = utf8Length(text);
    if (length !== text.length) this.ascii = false;
    if (length < 0x20) this.#byte(0xa0 | length);
    else if (length < 0x100) this.#byte8(0xd9, length);
    else if (length < 0x1_0000) this.#byte16(0xda, length);
    else this.#byte32(0xdb, length);
    const at = this.#room(length);
    writeUtf8(text, this.#bytes, at, length);
  }

  bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length < 0x100) this.#byte8(0xc4, length);
    else if (length < 0x1_0000) this.#byte16(0xc5, length);
    else this.#byte32(0xc6, length);
    const at = this.#room(length);
    this.#bytes.set(bytes, at);
  }

  list(length: number): void {
    if (length < 0x10) this.#byte(0x90 | length);
    else if (length < 0x1_0000) this.#byte16(0xdc, length);
    else this.#byte32(0xdd, length);
  }

  map(length: number): void {
    if (length < 0x10) this.#byte(0x80 | length);
    else if (length < 0x1_0000) this.#byte16(0xde, length);
    else this.#byte32(0xdf, length);
  }

  /** The timestamp extension, type -1, in the shortest of its three forms. */
  timestamp({ seconds, nanos }: TimestampParts): void {
    if (seconds >= 0 && seconds < 2 ** 34) {
      if (nanos === 0 && seconds < 2 ** 32) {
        const at = this.#room(6);
        this.#view.setUint16(at, 0xd6ff);
        this.#view.setUint32(at + 2, seconds);
      } else {
        const at = this.#room(10);
        this.#view.setUint16(at, 0xd7ff);
        // 30 bits of ns, 34 bits of seconds.
        this.#view.setUint32(at + 2, nanos * 4 + Math.floor(seconds / 2 ** 32));
        this.#view.setUint32(at + 6, seconds % 2 ** 32);
      }
    } else {
      const at = this.#room(15);
      this.#byteAt(at, 0xc7, 12, 0xff);
      this.#view.setUint32(at + 3, nanos);
      this.#view.setBigInt64(at + 7, BigInt(seconds));
    }
  }

  #byteAt(at: number, ...bytes: number[]): void {
    this.#bytes.set(bytes, at);
  }
}
