import { describe, expect, test } from "vitest";
import { RedisClock } from "../src/store/redis-clock.ts";
import { FakeClock } from "../src/testing/index.ts";

const SERVER_MS = 1_700_000_000_000;

describe("redis clock", () => {
  test("while Redis' time is unknown, every entry counts as fresh", () => {
    const redisClock = new RedisClock(new FakeClock());
    expect(redisClock.now()).toBeNull();
    expect(redisClock.due).toBe(true);
    expect(redisClock.isStale(1)).toBe(false);
  });

  test("runs on from a reply, which is taken for the middle of its round trip", async () => {
    const clock = new FakeClock();
    const redisClock = new RedisClock(clock);
    await clock.advance(10);
    redisClock.observe(SERVER_MS, 0);
    expect(redisClock.now()).toBe(SERVER_MS + 5);
    await clock.advance(1_000);
    expect(redisClock.now()).toBe(SERVER_MS + 1_005);
    expect(redisClock.isStale(SERVER_MS + 1_005)).toBe(true);
    expect(redisClock.isStale(SERVER_MS + 1_006)).toBe(false);
    expect(redisClock.isStale(0)).toBe(false);
  });

  test("a reply that waited behind a busy event loop does not spoil a good offset", async () => {
    const clock = new FakeClock();
    const redisClock = new RedisClock(clock);
    await clock.advance(2);
    redisClock.observe(SERVER_MS, 0);
    const sentAt = clock.monotonic();
    await clock.advance(400);
    redisClock.observe(SERVER_MS + 1, sentAt);
    expect(redisClock.now()).toBe(SERVER_MS + 401);
  });

  test("an old offset is due again, and then any sample is better", async () => {
    const clock = new FakeClock();
    const redisClock = new RedisClock(clock);
    redisClock.observe(SERVER_MS, 0);
    await clock.advance(29_999);
    expect(redisClock.due).toBe(false);
    await clock.advance(1);
    expect(redisClock.due).toBe(true);
    const sentAt = clock.monotonic();
    await clock.advance(100);
    redisClock.observe(SERVER_MS + 40_000, sentAt);
    expect(redisClock.now()).toBe(SERVER_MS + 40_050);
  });
});
