import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { type Goal, PYTHON_GOALS, TYPESCRIPT_GOALS } from "./goals.ts";
import type { LanguageRun } from "./measurement.ts";
import { report } from "./report.ts";

/** All that one command measured. */
export interface Results {
  /** When it ended: UTC, to the second. */
  readonly date: string;
  readonly command: string;
  readonly machine: string;
  readonly runs: readonly LanguageRun[];
}

const GOALS: Readonly<Record<LanguageRun["language"], readonly Goal[]>> = {
  TypeScript: TYPESCRIPT_GOALS,
  Python: PYTHON_GOALS,
};

export function resultsOf(runs: readonly LanguageRun[], args: readonly string[], now: Date): Results {
  const processors = os.cpus();
  return {
    date: `${now.toISOString().slice(0, 19)}Z`,
    command: ["npm run bench:codecs", ...(args.length > 0 ? ["--", ...args] : [])].join(" "),
    machine: `${processors.length} x ${processors[0]?.model ?? "unknown processor"}, ${os.type()} ${os.arch()}`,
    runs,
  };
}

/** The whole report as Markdown. */
export function reportOf({ date, command, machine, runs }: Results): string {
  const head = `# Codecs, ${date}\n\n\`${command}\` on ${machine}. Ratios are of one run, round by round; trust them, not the nanoseconds.`;
  return `${[head, ...runs.map((run) => report(run, GOALS[run.language]))].join("\n\n")}\n`;
}

const folder = fileURLToPath(new URL("../../results/", import.meta.url));

/** Keeps a run in results/ as `<date>-codecs.md` and `.json`; a second run of a day replaces the first. */
export function save(results: Results): readonly string[] {
  const stem = path.join(folder, `${results.date.slice(0, 10)}-codecs`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${stem}.md`, reportOf(results));
  writeFileSync(`${stem}.json`, figuresOf(results));
  return [`${stem}.md`, `${stem}.json`];
}

/** The figures of every round as JSON, to a tenth of a nanosecond. */
export function figuresOf(results: Results): string {
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Math.round(value * 10) / 10 : value;
  return `${JSON.stringify(results, rounded)}\n`;
}
