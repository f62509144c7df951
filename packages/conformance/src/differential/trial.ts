import fc from "fast-check";
import type { RunSize } from "./size.ts";

/** A question that is put to every language and path with many random inputs. */
export interface Trial<Input> {
  readonly name: string;
  readonly input: fc.Arbitrary<Input>;
  /** Examines many inputs at once; for each what is wrong, or undefined. */
  examine(inputs: readonly Input[]): Promise<readonly (string | undefined)[]>;
  /** A line for a fixture file that keeps the input. */
  fixture(input: Input, seed: number): Promise<string>;
}

/** Inputs that are under way at once: enough to keep both languages busy, few enough to hold in memory. */
const BATCH = 250;

/** How long a failing input is made smaller before it is reported as it is, in ms. */
const SHRINK_MS = 20_000;

/**
 * Examines `size.cases` inputs. Batch n of the run has the seed `size.seed` + n, so that a failure replays at once with
 * the seed of its own batch.
 *
 * @throws {Error} on the first input that fails, with that input made as small as it can be, its seed and a fixture line
 */
export async function runTrial<Input>(trial: Trial<Input>, size: RunSize): Promise<void> {
  for (let done = 0, seed = size.seed; done < size.cases; done += BATCH, seed += 1) {
    const inputs = fc.sample(trial.input, { seed, numRuns: Math.min(BATCH, size.cases - done) });
    const problems = await trial.examine(inputs);
    const index = problems.findIndex((problem) => problem !== undefined);
    if (index >= 0)
      throw new Error(await report(trial, inputs[index] as Input, problems[index] as string, seed, index));
  }
}

async function report<Input>(
  trial: Trial<Input>,
  input: Input,
  problem: string,
  seed: number,
  index: number,
): Promise<string> {
  const smaller = await shrunk(trial, seed, index);
  const [smallest, says] = smaller ?? [input, problem];
  return [
    `${trial.name}: ${says}`,
    smaller === undefined ? "The input could not be made smaller." : "The input was made smaller.",
    `Replay: CACHEPACT_SEED=${seed} CACHEPACT_CASES=${index + 1}, and this test.`,
    "When packages/wire/SPEC.md has decided who is right, keep it as a fixture (verdict: that of the first answer):",
    await trial.fixture(smallest, seed),
  ].join("\n");
}

/** The smallest input on the way that fast-check finds, with what is wrong with it. */
async function shrunk<Input>(
  trial: Trial<Input>,
  seed: number,
  index: number,
): Promise<readonly [Input, string] | undefined> {
  let smallest: readonly [Input, string] | undefined;
  const property = fc.asyncProperty(trial.input, async (input) => {
    const [problem] = await trial.examine([input]);
    if (problem === undefined) return;
    smallest = [input, problem];
    throw new Error(problem);
  });
  await fc.check(property, { seed, path: String(index), numRuns: 1, interruptAfterTimeLimit: SHRINK_MS });
  return smallest;
}
