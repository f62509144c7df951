import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { codeOf, RULES } from "../../src/compatibility/rules.ts";
import { GOOD_EDITS } from "./good/edits.ts";
import { BAD_EDITS } from "./verdicts.ts";

/** Steps of the gate whose refusals `check.test.ts` and `history.test.ts` prove. */
const STEPS: ReadonlySet<string> = new Set(["lint", "generated", "history"]);

test("every rule is one line of COMPATIBILITY.md, and every line there is a rule", () => {
  const text = readFileSync(new URL("../../COMPATIBILITY.md", import.meta.url), "utf8");
  const documented = [...text.matchAll(/^\| `([a-z0-9-]+)` +\|/gm)].map(([, rule]) => rule);
  expect(new Set(documented)).toEqual(new Set(RULES));
  expect(new Set(documented).size).toBe(documented.length);
});

test("every rule has an edit that it refuses, or one that it warns of", () => {
  const rules = [...BAD_EDITS.flatMap(({ refused }) => refused), ...GOOD_EDITS.flatMap(({ warns }) => warns)];
  const proved = new Set(rules.map((subject) => subject.split(" ")[0]));
  expect(RULES.filter((rule) => !proved.has(rule) && !STEPS.has(rule))).toEqual([]);
});

test("the codes of the rules", () => {
  const others = RULES.filter((rule) => codeOf(rule) !== "E_COMPATIBILITY").map((rule) => `${rule} ${codeOf(rule)}`);
  expect(others).toEqual(["lint E_PROTO", "proto E_PROTO", "generated E_GENERATED", "history E_HISTORY"]);
});
