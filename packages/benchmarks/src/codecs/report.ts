import { type Goal, type Judgement, judge } from "./goals.ts";
import { type Cell, cellOf, type LanguageRun, type Operation } from "./measurement.ts";
import { median, speedup, spread } from "./statistics.ts";
import { SIZES, type Size } from "./user.ts";

/** Above this spread of the typical figure a run says more about the machine than about codecs. */
export const NOISY_SPREAD = 0.08;

/** A run as Markdown: one table of figures, one of goals, and how far to trust them. */
export function report(run: LanguageRun, goals: readonly Goal[]): string {
  return [
    `## ${run.language}`,
    versionLine(run),
    figures(run),
    noiseLine(run),
    `### Goals, ${run.language}`,
    goalTable(judge(run, goals)),
  ].join("\n\n");
}

function versionLine({ versions }: LanguageRun): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

const COLUMNS: readonly (readonly [Operation, Size])[] = [
  ["encode", "small"],
  ["decode", "small"],
  ["encode", "large"],
  ["decode", "large"],
];

function figures(run: LanguageRun): string {
  const base = run.contenders[0]?.name ?? "";
  const head = [
    ["codec", "encode small", "decode small", "bytes", "encode large", "decode large", "bytes"],
    [`x ${base}: encode small`, "decode small", "encode large", "decode large", "spread"],
  ].flat();
  const rows = run.contenders.map(({ name, cells }) => [
    name,
    ...SIZES.flatMap((size) => {
      const cell = cellOf(run, name, size);
      return [nanoseconds(cell.encode), nanoseconds(cell.decode), String(Math.round(cell.bytes))];
    }),
    ...COLUMNS.map(([operation, size]) => {
      const ours = cellOf(run, name, size)[operation];
      return ours.length === 0 ? "-" : times(speedup(cellOf(run, base, size)[operation], ours).median);
    }),
    `±${percent(median(spreads(cells)))}`,
  ]);
  return `Nanoseconds of processor time an operation, medians.\n\n${table(head, rows)}`;
}

function spreads(cells: readonly Cell[]): readonly number[] {
  return cells
    .flatMap(({ encode, decode }) => [encode, decode])
    .flatMap((all) => (all.length === 0 ? [] : [spread(all)]));
}

/** The spread of the typical figure of a run. */
export function noise(run: LanguageRun): number {
  return median(spreads(run.contenders.flatMap(({ cells }) => cells)));
}

function noiseLine(run: LanguageRun): string {
  const typical = `Half of a typical figure's rounds lie within ±${percent(noise(run))} of its median.`;
  return noise(run) > NOISY_SPREAD
    ? `${typical} **This run is too noisy to judge by**: repeat it on a quiet machine, or with more --rounds.`
    : typical;
}

function goalTable(judgements: readonly Judgement[]): string {
  const rows = judgements.map((judgement) => {
    const { goal, measured } = judgement;
    const [unit, wanted] = goal.kind === "speed" ? ["x", `at least ${goal.atLeast}x`] : ["", `at most ${goal.atMost}`];
    const middle = goal.kind === "speed" ? ` (${times(measured.low)}-${times(measured.high)})` : "";
    return [goal.id, describe(goal), wanted, `${times(measured.median)}${unit}${middle}`, verdict(judgement)];
  });
  return table(["goal", "what", "wanted", "measured (middle half of the rounds)", "verdict"], rows);
}

function describe(goal: Goal): string {
  const compared = `${goal.contender} against ${goal.baseline}`;
  return goal.kind === "speed" ? `${goal.operation} ${goal.size}: ${compared}` : `bytes ${goal.size}: ${compared}`;
}

/** The verdict in plain words. */
export function verdict({ met, close }: Pick<Judgement, "met" | "close">): string {
  return `${met ? "met" : "missed"}${close ? ", but too close to be sure" : ""}`;
}

function nanoseconds(rounds: readonly number[]): string {
  return rounds.length === 0 ? "-" : String(Math.round(median(rounds)));
}

function times(ratio: number): string {
  return ratio.toFixed(2);
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}

/** A Markdown table whose columns also line up on a terminal. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, at) => Math.max(cell.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
