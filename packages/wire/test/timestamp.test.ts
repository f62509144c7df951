import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatTimestamp,
  MAX_TIMESTAMP_MS,
  MIN_TIMESTAMP_MS,
  parseTimestamp,
  timestampFromParts,
  timestampParts,
} from "../src/timestamp.ts";

const instants = fc.integer({ min: MIN_TIMESTAMP_MS, max: MAX_TIMESTAMP_MS });

test("text and back", () => {
  fc.assert(
    fc.property(instants, (ms) => {
      expect(parseTimestamp(formatTimestamp(ms))).toBe(ms);
    }),
  );
});

test("parts and back; nanos are never negative", () => {
  fc.assert(
    fc.property(instants, (ms) => {
      const { seconds, nanos } = timestampParts(ms);
      expect(nanos).toBeGreaterThanOrEqual(0);
      expect(nanos).toBeLessThan(1_000_000_000);
      expect(timestampFromParts(seconds, nanos)).toBe(ms);
    }),
  );
});

test("finer digits are floored", () => {
  expect(timestampFromParts(-1, 999_999_999)).toBe(-1);
  expect(timestampFromParts(0, 999_999)).toBe(0);
  expect(parseTimestamp("1969-12-31T23:59:59.999999Z")).toBe(-1);
});

describe("the years 1 to 9999", () => {
  test("their ends", () => {
    expect(formatTimestamp(MIN_TIMESTAMP_MS)).toBe("0001-01-01T00:00:00Z");
    expect(formatTimestamp(MAX_TIMESTAMP_MS)).toBe("9999-12-31T23:59:59.999Z");
    expect(parseTimestamp("9999-12-31T23:59:59.999999999Z")).toBe(MAX_TIMESTAMP_MS);
  });

  test("beyond them", () => {
    expect(timestampFromParts(MIN_TIMESTAMP_MS / 1000 - 1, 999_999_999)).toBeUndefined();
    expect(timestampFromParts(253_402_300_800, 0)).toBeUndefined();
    expect(timestampFromParts(0, 1_000_000_000)).toBeUndefined();
    expect(timestampFromParts(0, -1)).toBeUndefined();
    expect(parseTimestamp("9999-12-31T23:59:59-00:01")).toBe("E_RANGE");
  });

  test("years below 100 are not years of the last century", () => {
    expect(parseTimestamp("0099-06-15T12:00:00Z")).toBe(new Date("0099-06-15T12:00:00Z").getTime());
  });
});
