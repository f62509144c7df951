import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lifetime, negativeLifetime } from "../src/expiration/ttl.ts";
import { jitteredTtlMs } from "../src/expiration/ttl-jitter.ts";
import { SeededRandom } from "../src/testing/index.ts";
import { User, userWith } from "./entities.ts";

describe("ttl jitter", () => {
  test("only shortens, and by no more than its ratio", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer(),
        (ttlMs, ratio, seed) => {
          const jittered = jitteredTtlMs(ttlMs, ratio, new SeededRandom(seed));
          expect(Number.isInteger(jittered)).toBe(true);
          expect(jittered).toBeLessThanOrEqual(ttlMs);
          expect(jittered).toBeGreaterThanOrEqual(Math.max(1, Math.floor(ttlMs * (1 - ratio))));
        },
      ),
    );
  });

  test("spreads a burst over its whole range", () => {
    const random = new SeededRandom(1);
    const drawn = Array.from({ length: 1_000 }, () => jitteredTtlMs(10_000, 0.1, random));
    expect(Math.min(...drawn)).toBeLessThan(9_050);
    expect(Math.max(...drawn)).toBeGreaterThan(9_950);
  });

  test("without a ratio leaves the ttl alone", () => {
    expect(jitteredTtlMs(1_234, 0, new SeededRandom(1))).toBe(1_234);
  });
});

describe("lifetime", () => {
  const random = new SeededRandom(1);

  test("physical expiry is the fresh time plus grace", () => {
    const { pxMs, freshMs } = lifetime(User.record, random);
    expect(pxMs).toBe(freshMs + User.record.grace_ms);
    expect(freshMs).toBeGreaterThanOrEqual(270_000);
    expect(freshMs).toBeLessThanOrEqual(300_000);
  });

  test("an entity without grace has no stale phase", () => {
    const { pxMs, freshMs } = lifetime(userWith({ grace_ms: 0 }).record, random);
    expect(freshMs).toBe(0);
    expect(pxMs).toBeLessThanOrEqual(300_000);
  });

  test("a loader may shorten the ttl and never lengthen it", () => {
    const record = userWith({ jitter_ratio: 0 }).record;
    expect(lifetime(record, random, { ttlMs: 1_000 }).freshMs).toBe(1_000);
    expect(lifetime(record, random, { ttlMs: 10_000_000 }).freshMs).toBe(300_000);
  });

  test("a row from a lagging replica is fresh no longer than its limit, and with no grace lives no longer", () => {
    expect(lifetime(userWith({ jitter_ratio: 0 }).record, random, { replicaMs: 60_000 })).toEqual({
      pxMs: 360_000,
      freshMs: 60_000,
    });
    for (const early_refresh of [false, true]) {
      const record = userWith({ jitter_ratio: 0, grace_ms: 0, early_refresh }).record;
      expect(lifetime(record, random, { replicaMs: 60_000 })).toEqual({
        pxMs: 60_000,
        freshMs: early_refresh ? 60_000 : 0,
      });
    }
  });

  test("not found lives for the smaller of the two ttls, without jitter or grace", () => {
    expect(negativeLifetime(User.record)).toEqual({ pxMs: 30_000, freshMs: 0 });
    expect(negativeLifetime(userWith({ ttl_ms: 5_000 }).record)).toEqual({ pxMs: 5_000, freshMs: 0 });
  });

  test("a loader may shorten the time of a not-found and never lengthen it", () => {
    expect(negativeLifetime(User.record, 1_000).pxMs).toBe(1_000);
    expect(negativeLifetime(User.record, 100_000).pxMs).toBe(30_000);
  });
});
