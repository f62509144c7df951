import { expect, test } from "vitest";

import { checkBytes } from "../src/codecs/check-bytes.ts";
import { judge, PYTHON_GOALS } from "../src/codecs/goals.ts";
import type { LanguageRun } from "../src/codecs/measurement.ts";
import { measurePython } from "../src/codecs/python-half.ts";
import { reportOf, resultsOf } from "../src/codecs/results.ts";
import { measureTypeScript } from "../src/codecs/typescript-half.ts";

test("one round of both halves: the same bytes in both languages, and every goal is judged", async () => {
  const rounds = { rounds: 1, sliceMs: 0.01 };
  const typescript = measureTypeScript(rounds, () => {});
  const python = await measurePython(rounds);
  expect(() => checkBytes([typescript, python])).not.toThrow();
  const ours = (run: LanguageRun): readonly string[] =>
    run.contenders.map(({ name }) => name).filter((name) => name.startsWith("cachepact "));
  expect(ours(python)).toEqual(ours(typescript));
  expect(judge(python, PYTHON_GOALS)).toHaveLength(PYTHON_GOALS.length);
  expect(python.versions["protobuf"]).toContain("upb");
  const report = reportOf(resultsOf([typescript, python], ["--quick"], new Date(0)));
  expect(report).toContain("npm run bench:codecs -- --quick");
  expect(report).toContain("### Goals, Python");
}, 60_000);
