/**
 * What a generated codec throws when it meets anything out of the ordinary; it never leaves `generatedCodecs`.
 *
 * Made once: a stack trace per abstention would cost more than the interpreter, which decides then.
 */
const ABSTENTION = new Error("a generated codec abstained");

/** Gives the value or the bytes to the interpreter codec, from which alone all errors come. */
export function abstain(): never {
  throw ABSTENTION;
}
