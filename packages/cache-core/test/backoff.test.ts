import { expect, test } from "vitest";
import { Backoff } from "../src/resilience/backoff.ts";
import { FakeClock } from "../src/testing/index.ts";

test("a key rests for its time, others do not", async () => {
  const clock = new FakeClock();
  const backoff = new Backoff(clock, { next: () => 0.5, token: () => "" });
  backoff.rest("a");
  expect([backoff.resting("a"), backoff.resting("b")]).toEqual([true, false]);
  await clock.advance(999);
  expect(backoff.resting("a")).toBe(true);
  await clock.advance(1);
  expect(backoff.resting("a")).toBe(false);
});

test("however many keys fail, memory is bounded", () => {
  const backoff = new Backoff(new FakeClock(), { next: () => 0.5, token: () => "" });
  for (let key = 0; key <= 10_000; key++) backoff.rest(String(key));
  expect([backoff.resting("0"), backoff.resting("10000")]).toEqual([false, true]);
});
