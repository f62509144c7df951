import { createHash } from "node:crypto";

import { type Contender, payloadOf } from "./contender.ts";
import type { Cell, Measured } from "./measurement.ts";
import { SIZES, type Size, users } from "./user.ts";

export interface Rounds {
  /** Rounds that count; one more is run before and dropped. */
  readonly rounds: number;
  /** How long one contender runs one operation in one round, ms of processor time. */
  readonly sliceMs: number;
}

/** Distinct users that a slice goes through: enough that no contender lives on a cached string. */
const USERS: Readonly<Record<Size, number>> = { small: 256, large: 64 };
/** The users whose bytes are hashed; Python hashes the same. */
const DIGEST_USERS = 16;
/** The dropped round runs longer, so that the compiler is done with every contender before the first that counts. */
const WARM_UP_SLICES = 4;

/** One contender with its data and one operation of it. */
interface Slice {
  readonly contender: number;
  readonly size: Size;
  readonly operation: "encode" | "decode";
  readonly inputs: readonly unknown[];
  readonly run: (input: never) => unknown;
  readonly times: number[];
  repetitions: number;
}

// Where results go: the compiler cannot know that nobody reads it, so it cannot drop the work.
let sink: unknown;

/** What was computed last, for whoever doubts that it was. */
export function lastResult(): unknown {
  return sink;
}

/**
 * Runs all contenders interleaved: each round goes through every operation of every one, and starts one further.
 *
 * @param progress told after each round; 0 = all are warm
 */
export function measure(
  contenders: readonly Contender[],
  { rounds, sliceMs }: Rounds,
  progress: (round: number) => void,
): readonly Measured[] {
  const payloads = contenders.map((contender) =>
    SIZES.map((size) => users(USERS[size], size).map((user) => payloadOf(contender, user))),
  );
  const slices = contenders.flatMap((contender, at) =>
    SIZES.flatMap((size, sizeAt) => slicesOf(contender, at, size, payloads[at]?.[sizeAt] ?? [])),
  );
  for (const slice of slices) warmUp(slice, sliceMs);
  progress(0);
  for (let round = 1; round <= rounds; round += 1) {
    // Another contender begins each time, so that nobody always runs behind the same neighbour's garbage.
    const first = Math.floor((round * slices.length) / (rounds + 1));
    for (const slice of [...slices.slice(first), ...slices.slice(0, first)]) slice.times.push(time(slice));
    progress(round);
  }
  const timesOf = (contender: number, size: Size, operation: "encode" | "decode"): readonly number[] =>
    slices.find((one) => one.contender === contender && one.size === size && one.operation === operation)?.times ?? [];
  return contenders.map(({ name }, at) => ({
    name,
    cells: SIZES.map((size, sizeAt): Cell => {
      const bytes = payloads[at]?.[sizeAt] ?? [];
      return {
        size,
        bytes: bytes.reduce((sum, one) => sum + one.length, 0) / bytes.length,
        encode: timesOf(at, size, "encode"),
        decode: timesOf(at, size, "decode"),
        digest: digest(bytes),
      };
    }),
  }));
}

export function digest(payloads: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const payload of payloads.slice(0, DIGEST_USERS)) hash.update(payload);
  return hash.digest("hex");
}

function slicesOf(contender: Contender, at: number, size: Size, payloads: readonly Uint8Array[]): readonly Slice[] {
  const { encode, decode } = contender;
  const reading: Slice = {
    contender: at,
    size,
    operation: "decode",
    inputs: slab(payloads),
    run: decode,
    times: [],
    repetitions: 1,
  };
  if (encode === undefined) return [reading];
  const subjects = users(USERS[size], size).map((user) => contender.subject(user));
  return [{ ...reading, operation: "encode", inputs: subjects, run: encode, times: [] }, reading];
}

/** A reply of Redis is a slice of a larger buffer. */
function slab(payloads: readonly Uint8Array[]): readonly Buffer[] {
  const whole = Buffer.concat(payloads);
  let at = 0;
  return payloads.map(({ length }) => {
    at += length;
    return whole.subarray(at - length, at);
  });
}

function warmUp(slice: Slice, sliceMs: number): void {
  const deadline = performance.now() + sliceMs * WARM_UP_SLICES;
  let best = Number.POSITIVE_INFINITY;
  while (performance.now() < deadline) best = Math.min(best, time(slice));
  // The clock of processor time ticks in microseconds: a pass over few users may read as none.
  slice.repetitions = Math.max(1, Math.round((sliceMs * 1e6) / (Math.max(best, 1) * slice.inputs.length)));
}

/**
 * Nanoseconds of processor time an operation: of all threads, so that collecting garbage beside the main one counts,
 * and not of the clock, so that other work on the machine does not.
 */
function time({ inputs, run, repetitions }: Slice): number {
  const started = process.cpuUsage();
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (let index = 0; index < inputs.length; index += 1) sink = run(inputs[index] as never);
  }
  const { user, system } = process.cpuUsage(started);
  return ((user + system) * 1000) / (repetitions * inputs.length);
}
