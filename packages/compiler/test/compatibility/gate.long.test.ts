import { renameSync, rmSync } from "node:fs";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type CheckReport, CompileError, check, generate } from "../../src/index.ts";
import type { BadEdit } from "./bad-edit.ts";
import { AFTERWARDS, edit, fileOf, release, releasedContract } from "./base-contract.ts";
import { eachOnCopy } from "./each-on-copy.ts";
import { GOOD_EDITS } from "./good/edits.ts";
import type { GoodEdit } from "./good-edit.ts";
import { BAD_EDITS, expectRefused, printProof, subjects } from "./verdicts.ts";

// The gate's own proof: a rule that is broken lets one of the bad edits pass, or refuses one of the good ones. Each edit
// is made on a copy of the released contract, which is generated anew and checked as a person would.

let bad: readonly (readonly CheckReport[] | Error)[] = [];
let good: readonly (readonly CheckReport[] | Error)[] = [];

beforeAll(async () => {
  const base = await releasedContract();
  try {
    bad = await eachOnCopy(base, BAD_EDITS, judge);
    good = await eachOnCopy(base, GOOD_EDITS, judgeSteps);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}, 1_200_000);

afterAll(() => {
  const count = (found: typeof bad, ok: boolean): number =>
    found.filter((reports) => !(reports instanceof Error) && reports.every((report) => report.ok === ok)).length;
  printProof(count(bad, false), count(good, true), BAD_EDITS.length, GOOD_EDITS.length);
});

async function judge(folder: string, { edit: edits, now, code }: BadEdit): Promise<readonly CheckReport[]> {
  edit(folder, edits);
  await regenerate(folder, code);
  return [await check(folder, { now: now === undefined ? AFTERWARDS : new Date(now) })];
}

/** Only what the gate has to say is left; a contract that does not compile cannot be regenerated. */
async function regenerate(folder: string, code: BadEdit["code"]): Promise<void> {
  try {
    await generate(folder);
  } catch (error) {
    if (!(error instanceof CompileError) || error.code !== code) throw error;
  }
}

/** Every step but the last is released when it has passed. */
async function judgeSteps(folder: string, { steps }: GoodEdit): Promise<readonly CheckReport[]> {
  const reports: CheckReport[] = [];
  for (const [index, { edit: edits, move, at, drained }] of steps.entries()) {
    edit(folder, edits);
    if (move !== undefined) renameSync(path.join(folder, fileOf(move[0])), path.join(folder, move[1]));
    await generate(folder);
    reports.push(await check(folder, { now: new Date(at) }));
    if (index < steps.length - 1 && reports.at(-1)?.ok === true) await release(folder, `2.${index}.0`, at, drained);
  }
  return reports;
}

/** What went wrong with one case fails its own test. */
function reportsOf(found: readonly CheckReport[] | Error | undefined): readonly CheckReport[] {
  if (found === undefined || found instanceof Error) throw found ?? new Error("the case was not judged");
  return found;
}

describe("refuses", () => {
  test.each(BAD_EDITS.map((each, index) => ({ ...each, index })))("$name", ({ index, ...each }) => {
    const [report] = reportsOf(bad[index]);
    expect(report?.ok).toBe(false);
    expectRefused(each, report?.findings ?? []);
  });
});

describe("passes", () => {
  test.each(GOOD_EDITS.map((each, index) => ({ ...each, index })))("$name", ({ steps, warns, index }) => {
    const reports = reportsOf(good[index]);
    expect(reports.flatMap(({ findings }) => subjects(findings, "refused"))).toEqual([]);
    expect(reports).toHaveLength(steps.length);
    expect(reports.flatMap(({ findings }) => subjects(findings, "warning")).toSorted()).toEqual(warns.toSorted());
  });
});
