import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Finding } from "../../src/index.ts";
import { AFTERWARDS } from "./base-contract.ts";
import { GOOD_EDITS } from "./good/edits.ts";
import { judgeMerged } from "./merged-contract.ts";
import { BAD_EDITS, expectRefused, printProof, subjects } from "./verdicts.ts";

// As gate.long.test.ts, in a few seconds: all edits in one contract, so without those that do not compile and those that
// take several releases.

const BAD = BAD_EDITS.filter(({ code }) => code === undefined);
const GOOD = GOOD_EDITS.flatMap(({ steps, ...each }) => {
  const [step, ...more] = steps;
  return step === undefined || more.length > 0 || step.move !== undefined ? [] : [{ ...each, ...step }];
});

let found: readonly (readonly Finding[])[] = [];

beforeAll(async () => {
  found = await judgeMerged([
    ...BAD.map(({ edit, now }) => ({ edit, now: now === undefined ? AFTERWARDS : new Date(now) })),
    ...GOOD.map(({ edit, at }) => ({ edit, now: new Date(at) })),
  ]);
}, 120_000);

afterAll(() => {
  const isRefused = (findings: readonly Finding[]): boolean => findings.some(({ verdict }) => verdict === "refused");
  const [bad, good] = [found.slice(0, BAD.length), found.slice(BAD.length)];
  const passed = good.filter((findings) => !isRefused(findings));
  printProof(bad.filter(isRefused).length, passed.length, BAD.length, GOOD.length);
});

describe("refuses", () => {
  test.each(BAD.map((each, index) => ({ ...each, index })))("$name", ({ index, ...each }) => {
    expectRefused(each, found[index] ?? []);
  });
});

describe("passes", () => {
  test.each(GOOD.map((each, index) => ({ ...each, index })))("$name", ({ warns, index }) => {
    const findings = found[BAD.length + index] ?? [];
    expect(subjects(findings, "refused")).toEqual([]);
    expect(subjects(findings, "warning")).toEqual(warns.toSorted());
  });
});

test("every edit has a name of its own", () => {
  const names = [...BAD_EDITS, ...GOOD_EDITS].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
