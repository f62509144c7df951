/** What a message knows of members that it does not have; the compiler writes it down. */
export interface UnknownMembersOptions {
  /** Its last name in name order; empty when it has no field. */
  readonly lastName: string;
  /** Its highest field number; 0 when it has no field. */
  readonly lastNumber: number;
  /** How many levels a member of a newer writer may add: the limit of depth less the deepest place of the message. */
  readonly levels: number;
  /** Names and ranges of numbers that were given up: what an older writer sends of them is not missed. */
  readonly names: readonly string[];
  readonly numbers: readonly (readonly [first: number, last: number])[];
}

/**
 * What generated readers know of one message beside its fields: enough to pass over the members of a newer writer, as
 * every reader does while a release that adds a field is rolled out. A name strictly between two neighbours, or a number
 * above the highest, is no member of the message, so nothing known can be passed over or come twice.
 */
export class UnknownMembers {
  readonly lastName: string;
  readonly lastNumber: number;
  readonly levels: number;
  readonly #names: ReadonlySet<string>;
  readonly #numbers: UnknownMembersOptions["numbers"];

  constructor({ lastName, lastNumber, levels, names, numbers }: UnknownMembersOptions) {
    this.lastName = lastName;
    this.lastNumber = lastNumber;
    this.levels = levels;
    this.#names = new Set(names);
    this.#numbers = numbers;
  }

  gaveUpName(name: string): boolean {
    return this.#names.has(name);
  }

  gaveUpNumber(number: number): boolean {
    return this.#numbers.some(([first, last]) => number >= first && number <= last);
  }
}
