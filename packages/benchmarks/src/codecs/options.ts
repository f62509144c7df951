import { parseArgs } from "node:util";

import type { Rounds } from "./measure.ts";

export interface Options extends Rounds {
  readonly help: boolean;
  readonly languages: readonly ("typescript" | "python")[];
  /** Where the raw figures of every round go; undefined = nowhere. */
  readonly json: string | undefined;
  /** Keep the report and the figures in results/. */
  readonly save: boolean;
}

/** Enough that the median of a quiet machine's ratios moves by 1-2 % between runs. */
export const DEFAULT_ROUNDS = 25;
/** Long enough for a few collections of garbage, short enough that a disturbance hits one slice and not a contender. */
export const DEFAULT_SLICE_MS = 8;

const QUICK: Rounds = { rounds: 5, sliceMs: 3 };

export const HELP: string = `npm run bench:codecs -- [options]

Measures the codecs beside their peers, each language in one process whose rounds go through all contenders in turn,
and prints nanoseconds, ratios and the goals. Progress goes to standard error.

  --rounds N      rounds that count, besides the first, which is dropped (default ${DEFAULT_ROUNDS})
  --quick         ${QUICK.rounds} short rounds: a look, not a verdict
  --language L    typescript or python alone (default both)
  --json FILE     write the figures of every round to FILE, relative to packages/benchmarks
  --save          keep the report and the figures in packages/benchmarks/results/
  --help          print this text

Exit code: 0 when measured, whatever the goals say; 1 when a contender does not give back what it was given, or the
bytes of our paths or languages differ; 2 on a wrong option.
`;

/**
 * The options of a command line.
 *
 * @throws {TypeError} naming the option that is wrong
 */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    // npm and pnpm pass a separating `--` on.
    args: args.filter((arg) => arg !== "--"),
    options: {
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      language: { type: "string" },
      json: { type: "string" },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const quick = values.quick ? QUICK : { rounds: DEFAULT_ROUNDS, sliceMs: DEFAULT_SLICE_MS };
  return {
    ...quick,
    ...(values.rounds === undefined ? {} : { rounds: rounds(values.rounds) }),
    languages: languages(values.language),
    json: values.json,
    save: values.save,
    help: values.help,
  };
}

function rounds(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new TypeError(`--rounds: found "${text}"; pass a number from 1 to 9999`);
}

function languages(text: string | undefined): Options["languages"] {
  if (text === undefined) return ["typescript", "python"];
  if (text === "typescript" || text === "python") return [text];
  throw new TypeError(`--language: found "${text}"; pass typescript or python`);
}
