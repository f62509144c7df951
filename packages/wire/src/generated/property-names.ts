import { abstain } from "./abstain.ts";

/** The property names of one message: a value with any other must not be written. */
export class PropertyNames {
  readonly #known: ReadonlySet<string>;
  /** The names of the last value, in its order: values of one program are mostly made in one place. */
  #last: string[] = [];

  /** @param members an object whose properties have these names */
  constructor(members: object) {
    this.#known = new Set(Object.keys(members));
  }

  /** Abstains unless `value` is an object that has no property but those of the message. */
  check(value: unknown): void {
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) abstain();
    const last = this.#last;
    let count = 0;
    // Inherited names too, which is more than the rule asks: abstaining is never wrong.
    for (const name in value) {
      if (name !== last[count]) return this.#compare(value);
      count += 1;
    }
  }

  #compare(value: object): void {
    const names: string[] = [];
    for (const name in value) {
      if (!this.#known.has(name)) abstain();
      names.push(name);
    }
    this.#last = names;
  }
}
