import { cellOf, type LanguageRun, type Operation } from "./measurement.ts";
import { type Estimate, speedup } from "./statistics.ts";
import type { Size } from "./user.ts";

/** A promise about speed: so many times faster than another contender of the same run. */
export interface SpeedGoal {
  readonly kind: "speed";
  readonly id: string;
  readonly contender: string;
  readonly baseline: string;
  readonly operation: Operation;
  readonly size: Size;
  /** x baseline. */
  readonly atLeast: number;
}

/** A promise about size: at most this fraction of another contender's bytes. */
export interface SizeGoal {
  readonly kind: "bytes";
  readonly id: string;
  readonly contender: string;
  readonly baseline: string;
  readonly size: Size;
  readonly atMost: number;
}

export type Goal = SpeedGoal | SizeGoal;

/**
 * `met` and `missed` go by the median. `close` = the wanted figure lies within the middle half of the rounds, so that
 * another run may tell otherwise.
 */
export interface Judgement {
  readonly goal: Goal;
  readonly measured: Estimate;
  readonly met: boolean;
  readonly close: boolean;
}

/** Judges every goal by a run of the goal's language. */
export function judge(run: LanguageRun, goals: readonly Goal[]): readonly Judgement[] {
  return goals.map((goal) => (goal.kind === "speed" ? judgeSpeed(run, goal) : judgeSize(run, goal)));
}

function judgeSpeed(run: LanguageRun, goal: SpeedGoal): Judgement {
  const base = cellOf(run, goal.baseline, goal.size)[goal.operation];
  const ours = cellOf(run, goal.contender, goal.size)[goal.operation];
  const measured = speedup(base, ours);
  const close = measured.low < goal.atLeast && measured.high >= goal.atLeast;
  return { goal, measured, met: measured.median >= goal.atLeast, close };
}

function judgeSize(run: LanguageRun, goal: SizeGoal): Judgement {
  const share = cellOf(run, goal.contender, goal.size).bytes / cellOf(run, goal.baseline, goal.size).bytes;
  return { goal, measured: { median: share, low: share, high: share }, met: share <= goal.atMost, close: false };
}

const JSON_TS = "JSON (Buffer)";
const PROTOBUF_TS = "cachepact protobuf, generated";
const BOTH_OPERATIONS: readonly Operation[] = ["encode", "decode"];
const BOTH_SIZES: readonly Size[] = ["small", "large"];

function speed(
  id: string,
  contender: string,
  baseline: string,
  operation: Operation,
  size: Size,
  atLeast: number,
): Goal {
  return { kind: "speed", id, contender, baseline, operation, size, atLeast };
}

function bytes(id: string, contender: string, baseline: string, size: Size, atMost: number): Goal {
  return { kind: "bytes", id, contender, baseline, size, atMost };
}

/** Goals 3 and 7 of TypeScript. */
export const TYPESCRIPT_GOALS: readonly Goal[] = [
  ...BOTH_SIZES.flatMap((size) =>
    BOTH_OPERATIONS.map((operation) => speed("3", PROTOBUF_TS, "protobufjs static", operation, size, 1.5)),
  ),
  speed("3", PROTOBUF_TS, JSON_TS, "decode", "small", 1.9),
  speed("3", PROTOBUF_TS, JSON_TS, "decode", "large", 4),
  speed("3", PROTOBUF_TS, JSON_TS, "encode", "small", 1.2),
  speed("3", PROTOBUF_TS, JSON_TS, "encode", "large", 1.2),
  speed("3", "cachepact msgpack, generated", "msgpackr maps", "decode", "small", 1.4),
  speed("3", "cachepact msgpack, generated", "msgpackr maps", "decode", "large", 2.5),
  bytes("3", PROTOBUF_TS, JSON_TS, "small", 0.75),
  bytes("3", PROTOBUF_TS, JSON_TS, "large", 0.5),
  bytes("7", "cachepact protobuf, entry with its frame", JSON_TS, "small", 0.85),
  bytes("7", "cachepact protobuf, entry with its frame", JSON_TS, "large", 0.53),
];

const JSON_PY = "json (standard library)";

/** Goals P3a-P3c of Python. The JSON ones are held by 64-bit integers too, which JSON holds as text. */
export const PYTHON_GOALS: readonly Goal[] = [
  speed("P3a", "cachepact msgpack, generated", JSON_PY, "decode", "small", 3.7),
  speed("P3a", "cachepact msgpack, generated", JSON_PY, "decode", "large", 3.2),
  speed("P3a", "cachepact msgpack, generated", JSON_PY, "encode", "small", 3.4),
  speed("P3a", "cachepact msgpack, generated", JSON_PY, "encode", "large", 3.4),
  ...BOTH_SIZES.flatMap((size) =>
    BOTH_OPERATIONS.flatMap((operation) => [
      speed("P3b", "cachepact json, generated", JSON_PY, operation, size, 2.2),
      speed("P3b", "cachepact json, generated, 64-bit integers", JSON_PY, operation, size, 2.2),
    ]),
  ),
  speed("P3c", "cachepact protobuf, generated", JSON_PY, "decode", "small", 0.65),
  speed("P3c", "cachepact protobuf, generated", JSON_PY, "decode", "large", 1),
];
