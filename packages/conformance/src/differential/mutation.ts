import fc from "fast-check";

/**
 * One change of bytes or of a tree of them: what is done, and numbers that say where and with what.
 *
 * The numbers mean something only modulo what there is to choose from, so that every mutation can be applied to every
 * input, and smaller numbers to shrink to remain mutations.
 */
export interface Mutation<How extends string = string> {
  readonly how: How;
  readonly at: number;
  readonly pick: number;
}

export function mutation<How extends string>(hows: readonly How[]): fc.Arbitrary<Mutation<How>> {
  return fc.record({ how: fc.constantFrom(...hows), at: fc.nat({ max: 0xffff }), pick: fc.nat({ max: 0xffff }) });
}

/** The element that a number stands for; undefined when there is none to choose from. */
export function chosen<Item>(items: readonly Item[], number: number): Item | undefined {
  return items[number % items.length];
}

/** The element that a number stands for, of a list that is never empty. */
export function pickOf<Item>(items: readonly Item[], number: number): Item {
  return items[number % items.length] as Item;
}

export function unhex(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

export function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}
