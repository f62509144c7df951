import { expect } from "vitest";

import type { Finding } from "../../src/index.ts";
import { FIELDS } from "./bad/fields.ts";
import { GENERATIONS } from "./bad/generations.ts";
import { NAMES } from "./bad/names.ts";
import { OPTIONS } from "./bad/options.ts";
import type { BadEdit } from "./bad-edit.ts";

export const BAD_EDITS: readonly BadEdit[] = [...FIELDS, ...NAMES, ...OPTIONS, ...GENERATIONS];

/** Whom and what a finding is about: `rule entity.field`, `-` for no entity. */
export function subjects(findings: readonly Finding[], verdict: Finding["verdict"]): readonly string[] {
  return findings
    .filter((finding) => finding.verdict === verdict)
    .map(subject)
    .toSorted();
}

function subject({ rule, entity, field }: Finding): string {
  return `${rule} ${entity ?? "-"}${field === undefined ? "" : `.${field}`}`;
}

/** The refusals of a bad edit are those that it names, each with its reason and its way out. */
export function expectRefused({ refused, says, code }: BadEdit, findings: readonly Finding[]): void {
  expect(subjects(findings, "refused")).toEqual(refused.toSorted());
  const found = findings.filter(({ verdict }) => verdict === "refused");
  expect(new Set(found.map((finding) => finding.code))).toEqual(new Set([code ?? "E_COMPATIBILITY"]));
  const first = found.find((finding) => subject(finding) === refused[0]);
  const text = `${first?.change}\n${first?.breaks}\n${first?.instead}`;
  for (const part of says) expect(text).toContain(part);
  for (const { change, breaks, instead } of found) expect([change, breaks, instead]).not.toContain("");
}

/** A proof is one line for a person: how many were refused and passed as they should. */
export function printProof(refused: number, passed: number, bad: number, good: number): void {
  process.stdout.write(`refused ${refused} of ${bad}, passed ${passed} of ${good}\n`);
}
