/** 64 bits as two words, as a double and as bigints, through one piece of memory. */
const words = new Uint32Array(2);
const doubles = new Float64Array(words.buffer);
const signed = new BigInt64Array(words.buffer);
const unsigned = new BigUint64Array(words.buffer);

words[0] = 1;
/** Where the low word lies on this machine. */
const LOW = unsigned[0] === 1n ? 0 : 1;
const HIGH = 1 - LOW;

/** The double of two words. */
export function doubleOf(low: number, high: number): number {
  words[LOW] = low;
  words[HIGH] = high;
  return doubles[0] as number;
}

/** The signed integer of two words. */
export function signedOf(low: number, high: number): bigint {
  words[LOW] = low;
  words[HIGH] = high;
  return signed[0] as bigint;
}

/** The unsigned integer of two words. */
export function unsignedOf(low: number, high: number): bigint {
  words[LOW] = low;
  words[HIGH] = high;
  return unsigned[0] as bigint;
}

/** Takes a double apart, for `lowWord` and `highWord`. */
export function splitDouble(value: number): void {
  doubles[0] = value;
}

/** Takes a signed integer apart, for `lowWord` and `highWord`; false when it has more than 64 bits. */
export function splitSigned(value: bigint): boolean {
  signed[0] = value;
  return signed[0] === value;
}

/** Takes an unsigned integer apart, for `lowWord` and `highWord`; false when it has more than 64 bits. */
export function splitUnsigned(value: bigint): boolean {
  unsigned[0] = value;
  return unsigned[0] === value;
}

/** The lower 32 bits of what was taken apart last. */
export function lowWord(): number {
  return words[LOW] as number;
}

/** The upper 32 bits of what was taken apart last. */
export function highWord(): number {
  return words[HIGH] as number;
}
