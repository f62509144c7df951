import type { Random } from "../random.ts";

/** The same sequence for the same seed (mulberry32), so that a failing run can be repeated. Not for secrets. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  token(): string {
    return Buffer.from(Array.from({ length: 16 }, () => Math.floor(this.next() * 256))).toString("base64url");
  }
}
