/** The names of one enum as JSON needs them. */
export class EnumNames {
  readonly #numbers: ReadonlyMap<string, number>;
  /** Quoted as they stand in the text. */
  readonly #names: ReadonlyMap<number, string>;

  constructor(values: Readonly<Record<string, number>>) {
    const names = Object.keys(values).toSorted();
    this.#numbers = new Map(names.map((name) => [name, values[name] as number]));
    // Of two names for one number the first in name order is canonical: it is set last.
    this.#names = new Map(names.toReversed().map((name) => [values[name] as number, `"${name}"`]));
  }

  number(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  /** The JSON of a number: its name, or itself when it has none. */
  text(value: number): string {
    return this.#names.get(value) ?? String(value);
  }
}
