/** How large a random test is, and from which seed it begins: both from the environment, so that a run can be repeated. */
export interface RunSize {
  /** Values, or mutants, of each codec. */
  readonly cases: number;
  /** Of the first batch; a report names the seed of the batch that failed. */
  readonly seed: number;
}

const MAX_SEED = 2 ** 31 - 1;

/**
 * `CACHEPACT_CASES`, else `cases`; `CACHEPACT_SEED`, else one of chance.
 *
 * @throws {Error} one of them is set to something that is no whole number above 0
 */
export function runSize(cases: number): RunSize {
  return {
    cases: whole("CACHEPACT_CASES") ?? cases,
    seed: whole("CACHEPACT_SEED") ?? 1 + Math.floor(Math.random() * (MAX_SEED - 1)),
  };
}

function whole(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  if (/^[1-9][0-9]{0,9}$/.test(text)) return Number(text);
  throw new Error(`${name} is ${JSON.stringify(text)}; set it to a whole number above 0`);
}
