import { describe, expect, test } from "vitest";

import { type Goal, judge, PYTHON_GOALS, TYPESCRIPT_GOALS } from "../src/codecs/goals.ts";
import type { Cell, LanguageRun } from "../src/codecs/measurement.ts";
import { ours } from "../src/codecs/ours.ts";
import { peers } from "../src/codecs/peers.ts";
import { noise, report, verdict } from "../src/codecs/report.ts";
import { median, quantile, speedup, spread } from "../src/codecs/statistics.ts";

function cell(size: Cell["size"], bytes: number, encode: readonly number[], decode: readonly number[]): Cell {
  return { size, bytes, encode, decode, digest: "" };
}

function run(base: readonly number[], fast: readonly number[]): LanguageRun {
  const cells = (bytes: number, times: readonly number[]): readonly Cell[] => [
    cell("small", bytes, times, times),
    cell("large", bytes * 10, times, times),
  ];
  return {
    language: "TypeScript",
    versions: { "Node.js": "24.0.0" },
    contenders: [
      { name: "base", cells: cells(300, base) },
      { name: "fast", cells: cells(210, fast) },
    ],
  };
}

const TWICE: Goal = {
  kind: "speed",
  id: "3",
  contender: "fast",
  baseline: "base",
  operation: "decode",
  size: "small",
  atLeast: 2,
};
const SMALLER: Goal = { kind: "bytes", id: "7", contender: "fast", baseline: "base", size: "large", atMost: 0.7 };

describe("statistics", () => {
  test("the median of an even number of figures lies between the middle two", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([5])).toBe(5);
    expect(median([])).toBeNaN();
  });

  test("quantiles lie between two figures linearly", () => {
    expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20);
    expect(quantile([10, 20], 0.75)).toBe(17.5);
  });

  test("spread is half of the middle half's width by the median", () => {
    expect(spread([90, 100, 110, 100, 100])).toBe(0);
    expect(spread([80, 90, 100, 110, 120])).toBeCloseTo(0.1);
  });

  test("a speedup is of rounds, so what slows a whole round down does not count", () => {
    expect(speedup([100, 1000, 200], [50, 500, 100])).toEqual({ median: 2, low: 2, high: 2 });
    expect(() => speedup([1], [1, 2])).toThrow("found 1 and 2");
  });
});

describe("goals", () => {
  test("a goal is met from the wanted ratio on", () => {
    expect(judge(run([200, 200, 200], [100, 100, 100]), [TWICE])[0]).toMatchObject({ met: true, close: false });
    expect(judge(run([199, 199, 199], [100, 100, 100]), [TWICE])[0]).toMatchObject({ met: false, close: false });
  });

  test("a wanted ratio within the middle half of the rounds is too close to be sure", () => {
    const near = run([210, 190, 215, 195, 205], [100, 100, 100, 100, 100]);
    expect(judge(near, [TWICE])[0]).toMatchObject({ met: true, close: true, measured: { median: 2.05 } });
    expect(verdict({ met: true, close: true })).toBe("met, but too close to be sure");
    expect(verdict({ met: false, close: false })).toBe("missed");
  });

  test("bytes are a share, and met up to the wanted one", () => {
    expect(judge(run([1], [1]), [SMALLER])[0]).toMatchObject({ met: true, measured: { median: 0.7 } });
    expect(judge(run([1], [1]), [{ ...SMALLER, atMost: 0.69 }])[0]).toMatchObject({ met: false });
  });

  test("a goal about a contender that was not measured is an error, not a pass", () => {
    expect(() => judge(run([1], [1]), [{ ...TWICE, contender: "slow" }])).toThrow('no small cell of "slow"');
  });

  test("every goal of TypeScript names contenders that there are", () => {
    const names = [...peers(), ...ours()].map(({ name }) => name);
    for (const { contender, baseline } of TYPESCRIPT_GOALS) {
      expect(names).toContain(contender);
      expect(names).toContain(baseline);
    }
  });

  test("the goals are those of the design", () => {
    const wanted = (goals: readonly Goal[]): readonly number[] =>
      goals.map((goal) => (goal.kind === "speed" ? goal.atLeast : goal.atMost));
    expect(wanted(TYPESCRIPT_GOALS)).toEqual([1.5, 1.5, 1.5, 1.5, 1.9, 4, 1.2, 1.2, 1.4, 2.5, 0.75, 0.5, 0.85, 0.53]);
    expect(wanted(PYTHON_GOALS)).toEqual([3.7, 3.2, 3.4, 3.4, ...Array.from({ length: 8 }, () => 2.2), 0.65, 1]);
  });
});

describe("report", () => {
  test("prints figures, ratios and verdicts", () => {
    const text = report(run([200, 200, 200], [100, 100, 100]), [TWICE, { ...TWICE, atLeast: 3 }, SMALLER]);
    const rows = text.split("\n").map((line) => line.split("|").map((part) => part.trim()));
    expect(rows).toContainEqual([
      "",
      "fast",
      "100",
      "100",
      "210",
      "100",
      "100",
      "2100",
      "2.00",
      "2.00",
      "2.00",
      "2.00",
      "±0.0 %",
      "",
    ]);
    expect(rows).toContainEqual([
      "",
      "3",
      "decode small: fast against base",
      "at least 2x",
      "2.00x (2.00-2.00)",
      "met",
      "",
    ]);
    expect(rows).toContainEqual([
      "",
      "3",
      "decode small: fast against base",
      "at least 3x",
      "2.00x (2.00-2.00)",
      "missed",
      "",
    ]);
    expect(rows).toContainEqual(["", "7", "bytes large: fast against base", "at most 0.7", "0.70", "met", ""]);
    expect(text).not.toContain("too noisy");
  });

  test("says when a run is too noisy to judge by", () => {
    const noisy = run([100, 200, 300, 400], [100, 200, 300, 400]);
    expect(noise(noisy)).toBeGreaterThan(0.08);
    expect(report(noisy, [])).toContain("This run is too noisy to judge by");
  });
});
