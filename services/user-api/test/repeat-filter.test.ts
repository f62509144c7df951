import { beforeEach, expect, test } from "vitest";
import { REPEAT_MAX_MS, REPEAT_MS, RepeatFilter } from "../src/repeat-filter.ts";

let nowMs: number;
let filter: RepeatFilter;
let lines: [kind: string, repeated: number][];
beforeEach(() => {
  nowMs = 0;
  filter = new RepeatFilter(() => nowMs);
  lines = [];
});

function say(kind: string): void {
  filter.pass(kind, (repeated) => lines.push([kind, repeated]));
}

test("the first of a kind is written at once, the next after the pause with how many were left out", () => {
  for (let i = 0; i < 5; i++) say("down");
  say("other");
  nowMs += REPEAT_MS;
  say("down");
  expect(lines).toEqual([
    ["down", 0],
    ["other", 0],
    ["down", 4],
  ]);
});

test("an outage of an hour is about a line a minute, and news again when it was over", () => {
  for (let i = 0; i < 36_000; i++) {
    say("down");
    nowMs += 100;
  }
  expect(lines.length).toBeLessThan(70);
  expect(lines.reduce((sum, [, repeated]) => sum + repeated + 1, 0)).toBeGreaterThan(36_000 - REPEAT_MAX_MS / 100 - 1);
  nowMs += 2 * REPEAT_MAX_MS;
  say("down");
  nowMs += REPEAT_MS;
  const before = lines.length;
  say("down");
  expect(lines.length).toBe(before + 1);
});

test("what was said once does not stay in memory", () => {
  for (let i = 0; i < 1_000; i++) {
    say(`kind ${i}`);
    nowMs += REPEAT_MS;
  }
  expect(lines.length).toBe(1_000);
  say("kind 0");
  expect(lines.at(-1)).toEqual(["kind 0", 0]);
});
