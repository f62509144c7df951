import { Reader } from "protobufjs/minimal.js";
import { CachepactError } from "../errors.ts";
import { refuseDecode } from "../refusal.ts";
import { decodeUtf8 } from "../utf8.ts";

/** Wire types of the contract profile. Groups (3, 4) and the unused 6, 7 are refused. */
export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
const FIXED32 = 5;

const TWO_32 = 2 ** 32;
const BYTES_OF_VARINT = 10;

/** The three readings of a varint's 64 bits. */
export type VarintSign = "signed" | "unsigned" | "zigzag";

/**
 * Reads the wire format through protobufjs' Reader, with the limits that it does not keep itself: the end of the
 * message that is being read, and 64 bits for a varint.
 */
export class ProtobufReader {
  readonly #reader: Reader;
  readonly #bytes: Uint8Array;
  #end: number;
  /** Whether a field of a newer writer was passed over: for whoever reads messages. */
  passedOver = false;

  constructor(bytes: Uint8Array) {
    this.#reader = Reader.create(bytes);
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** Whether the current message goes on. */
  more(): boolean {
    return this.#reader.pos < this.#end;
  }

  /** The next field's number and wire type. */
  tag(): { number: number; wire: number } {
    const tag = this.#reader.tag();
    this.#within();
    const number = tag >>> 3;
    if (number === 0) refuseDecode("E_SYNTAX", "", "found field number 0");
    return { number, wire: tag & 7 };
  }

  /** Reads a length and lets `read` consume exactly that many bytes as a message of their own. */
  delimited(read: () => void): void {
    const outer = this.#end;
    this.#end = this.#length();
    while (this.more()) read();
    this.#end = outer;
  }

  /** Reads a length and gives where its bytes end. */
  #length(): number {
    const length = this.#reader.size();
    const end = this.#reader.pos + length;
    if (end > this.#end) this.#truncated();
    return end;
  }

  #view(): Uint8Array {
    const end = this.#length();
    const view = this.#bytes.subarray(this.#reader.pos, end);
    this.#reader.pos = end;
    return view;
  }

  string(path: string): string {
    return decodeUtf8(this.#view(), path);
  }

  /** A copy: the payload may lie in a socket's buffer that is used again. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#view());
  }

  double(): number {
    const value = this.#reader.double();
    this.#within();
    return value;
  }

  bool(): boolean {
    const { low, high } = this.#varint();
    return low !== 0 || high !== 0;
  }

  /** A bigint only where a number would not be exact. */
  integer(sign: VarintSign): number | bigint {
    const { low, high } = this.#varint();
    if (sign === "zigzag") {
      if (high === 0) return low % 2 === 0 ? low / 2 : -(low + 1) / 2;
      const bits = join64(low, high);
      return (bits >> 1n) ^ -(bits & 1n);
    }
    if (high < 0x20_0000) return high * TWO_32 + low;
    const bits = join64(low, high);
    return sign === "signed" ? BigInt.asIntN(64, bits) : bits;
  }

  #varint(): { low: number; high: number } {
    const start = this.#reader.pos;
    const { low, high } = this.#reader.uint64();
    this.#within();
    const length = this.#reader.pos - start;
    // The tenth byte holds the 64th bit and nothing else.
    if (length === BYTES_OF_VARINT && (this.#bytes[start + length - 1] as number) > 1) {
      refuseDecode("E_SYNTAX", "", "found a varint of more than 64 bits");
    }
    return { low: low >>> 0, high: high >>> 0 };
  }

  /** Passes over the value of a field that this schema does not know. */
  skip(wire: number): void {
    if (wire === VARINT) this.#varint();
    else if (wire === DELIMITED) this.#view();
    else if (wire === FIXED64 || wire === FIXED32) {
      this.#reader.pos += wire === FIXED64 ? 8 : 4;
      this.#within();
    } else refuseDecode("E_SYNTAX", "", `found wire type ${wire}, which no contract uses`);
  }

  #within(): void {
    if (this.#reader.pos > this.#end) this.#truncated();
  }

  #truncated(): never {
    return refuseDecode("E_TRUNCATED", "", "found the end of the bytes in a value");
  }
}

function join64(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Runs `read` and gives the errors of protobufjs a code: it throws RangeError where bytes end, Error on a bad varint. */
export function refusing<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof CachepactError) throw error;
    if (error instanceof RangeError)
      return refuseDecode("E_TRUNCATED", "", "found the end of the bytes in a value", error);
    return refuseDecode("E_SYNTAX", "", "found bytes that are not Protobuf", error);
  }
}
