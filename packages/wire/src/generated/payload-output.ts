import type { Payload } from "../codec.ts";
import { isWellFormed } from "../utf8.ts";
import { abstain } from "./abstain.ts";

/** Small payloads are cut from a slab one after the other, as Node does with small buffers: no copy, few allocations. */
const SLAB_BYTES = 32_768;

/** A larger payload is copied out, so that it does not hold a slab that is mostly not its own. */
const CUT_BYTES = 8192;

/**
 * A payload while generated code writes it: into a buffer that grows, and is kept from call to call.
 *
 * The codecs extend it. Whoever writes at `at` makes room first.
 */
export abstract class PayloadOutput {
  protected buffer: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Where the payload begins; what is before it belongs to payloads that were given out. */
  protected start = 0;
  protected at = 0;
  /** No string so far holds a character beyond ASCII. */
  protected ascii = true;

  /** Begins a payload, whatever became of the last one. */
  begin(): void {
    // One that grew was for a large payload, and is not kept: a small one would hold all of it.
    if (this.buffer.length !== SLAB_BYTES || SLAB_BYTES - this.start < CUT_BYTES) {
      this.buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.start = 0;
    }
    this.at = this.start;
    this.ascii = true;
  }

  /** What was written. Nothing is written there again. */
  finish(): Payload {
    const { buffer, start, at, ascii } = this;
    if (at - start > CUT_BYTES) {
      const bytes = Buffer.allocUnsafeSlow(at - start);
      buffer.copy(bytes, 0, start, at);
      return { bytes, ascii };
    }
    this.start = at;
    return { bytes: buffer.subarray(start, at), ascii };
  }

  /** Makes the buffer hold `length` more bytes behind `at`. Positions stay what they are. */
  protected grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.at + length));
    this.buffer.copy(larger, this.start, this.start, this.at);
    this.buffer = larger;
  }

  /** Makes room for `length` bytes at `at` by moving up what was written behind it. */
  protected insert(at: number, length: number): void {
    if (this.at + length > this.buffer.length) this.grow(length);
    this.buffer.copyWithin(at + length, at, this.at);
    this.at += length;
  }

  /** Writes bytes that were prepared: a name. */
  protected put(bytes: Uint8Array): void {
    const { length } = bytes;
    const { at } = this;
    if (at + length > this.buffer.length) this.grow(length);
    const { buffer } = this;
    for (let index = 0; index < length; index += 1) buffer[at + index] = bytes[index] as number;
    this.at = at + length;
  }

  /** Writes UTF-8 at `at`, where three bytes for each unit are free, without moving it; gives the number of bytes. */
  protected utf8(text: string, at: number): number {
    const written = this.buffer.write(text, at, "utf8");
    if (written !== text.length) {
      // The engine writes half of a surrogate pair as U+FFFD, which no codec may do.
      if (!isWellFormed(text)) abstain();
      this.ascii = false;
    }
    return written;
  }
}
