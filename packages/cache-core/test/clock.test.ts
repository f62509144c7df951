import { expect, test } from "vitest";
import { sleep, systemClock } from "../src/clock.ts";
import { FakeClock } from "../src/testing/index.ts";

test("the fake clock runs what becomes due in order, also what was scheduled meanwhile", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  clock.schedule(20, () => ran.push("b"));
  clock.schedule(10, () => {
    ran.push("a");
    clock.schedule(5, () => ran.push("a2"));
  });
  clock.schedule(30, () => ran.push("c"))();
  await clock.advance(25);
  expect(ran).toEqual(["a", "a2", "b"]);
  expect(clock.monotonic()).toBe(25);
  expect(clock.pending).toBe(0);
});

test("an aborted sleep ends with the signal's reason and leaves no timer", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const sleeping = sleep(clock, 1_000, abort.signal).catch((reason: unknown) => reason);
  abort.abort("enough");
  expect(await sleeping).toBe("enough");
  expect(await sleep(clock, 1_000, abort.signal).catch((reason: unknown) => reason)).toBe("enough");
  expect(clock.pending).toBe(0);
});

test("the system clock runs and cancels", async () => {
  let ran = false;
  systemClock.schedule(1, () => {
    ran = true;
  })();
  const before = systemClock.monotonic();
  await sleep(systemClock, 5);
  expect(ran).toBe(false);
  expect(systemClock.monotonic()).toBeGreaterThan(before);
});
