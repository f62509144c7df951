import { abstain } from "./abstain.ts";
import { asBuffer, highBytes, keyText, utf8Text } from "./payload-text.ts";

const EMPTY = Buffer.alloc(0);

/** What `toString("latin1")` calls once it has found out what its argument means: of a small decode a noticeable part. */
interface Latin1 {
  latin1Slice(start: number, end: number): string;
}

/**
 * A payload of bytes while generated code reads it. The codecs extend it.
 *
 * The whole payload becomes one latin1 string, of which each ASCII string is a part: one call into the engine for a
 * payload instead of one for each string. That all strings are ASCII is proved by counting: the engine counts the bytes
 * above 7f of the payload, the reader those that it passes over outside of strings, and if both agree then no string
 * holds any. If not, the payload is read again, and the bytes of each string are looked at.
 */
export abstract class PayloadInput {
  protected buffer: Buffer = EMPTY;
  /** One character for each byte. */
  protected text = "";
  protected at = 0;
  /** Members of a newer writer were passed over that this schema has not given up. */
  passedOver = false;
  /** Bytes above 7f that were passed over so far and belong to no string. */
  protected high = 0;
  #highOfAll = 0;
  /** Whether the bytes of each string are looked at: kept for the next payload, which is often of the same kind. */
  #checked = false;
  #foundText = false;

  /** Takes a payload. */
  open(bytes: Uint8Array): void {
    const buffer = asBuffer(bytes);
    this.buffer = buffer;
    this.text = (buffer as unknown as Latin1).latin1Slice(0, buffer.length);
    this.#highOfAll = Buffer.byteLength(this.text) - buffer.length;
  }

  /** Lets go of the payload. */
  close(): void {
    this.buffer = EMPTY;
    this.text = "";
  }

  protected rewind(): void {
    this.at = 0;
    this.high = 0;
    this.passedOver = false;
    this.#foundText = false;
  }

  /** Whether strings may have been taken for ASCII that are not, so that the payload must be read again. */
  mustReadAgain(): boolean {
    if (this.#checked) {
      this.#checked = this.#foundText;
      return false;
    }
    this.#checked = this.high !== this.#highOfAll;
    return this.#checked;
  }

  /** The string of `length` bytes that comes next. */
  protected takeText(length: number): string {
    const start = this.at;
    const end = start + length;
    this.at = end;
    return this.#checked ? this.#checkedText(start, end) : this.text.substring(start, end);
  }

  /** The same for a string that is the key of a map. */
  protected takeKey(length: number): string {
    const start = this.at;
    const end = start + length;
    this.at = end;
    return this.#checked ? this.#checkedText(start, end) : keyText(this.text, start, end);
  }

  #checkedText(start: number, end: number): string {
    if (highBytes(this.buffer, start, end) === 0) return this.text.substring(start, end);
    this.#foundText = true;
    return utf8Text(this.buffer, start, end);
  }

  /** A copy of the `length` bytes that come next: the payload may lie in a socket's buffer that is used again. */
  protected takeBytes(length: number): Uint8Array {
    const start = this.at;
    this.pass(length);
    return new Uint8Array(this.buffer.subarray(start, start + length));
  }

  /** Passes over bytes that are no string. */
  protected pass(length: number): void {
    if (length > this.buffer.length - this.at) abstain();
    this.high += highBytes(this.buffer, this.at, this.at + length);
    this.at += length;
  }
}
