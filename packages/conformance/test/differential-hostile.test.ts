import { describe, expect, test, vi } from "vitest";
import { heavyLoads, smallClaims } from "../src/differential/hostile.ts";
import { decodeHostile, hostileFixture, MIB } from "./hostile.ts";

// A machine that is busy with other tests is slow, which is no failure.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const fixture = hostileFixture();

describe("a few bytes that announce gigabytes", () => {
  test("are refused, with one code, and nothing is allocated for them", { timeout: 120_000 }, async () => {
    const inputs = smallClaims();
    for (const { bytes } of inputs) expect(bytes.length).toBeLessThan(64);
    // What the first decode of each kind needs for itself, such as code that is compiled, is not measured.
    expect(await fixture.problems(inputs)).toEqual([]);
    const grown = await fixture.growth(async () => {
      expect(await fixture.problems([...inputs, ...inputs, ...inputs])).toEqual([]);
    });
    for (const bytes of grown) expect(bytes).toBeLessThan(64 * MIB);
    for (const { testee } of fixture.measured) expect(testee.restarts).toBe(0);
  });

  test("every one is an error with a code", async () => {
    const replies = (await fixture.measured[0]?.testee.askAll(smallClaims().map(decodeHostile))) ?? [];
    expect(replies.length).toBeGreaterThan(100);
    for (const reply of replies) expect(reply).toMatchObject({ error: { code: expect.stringMatching(/^E_/) } });
  });
});

describe("a payload that is meant to cost more than its length", () => {
  test("is read or refused in time, within memory, and with one verdict", { timeout: 120_000 }, async () => {
    const grown = await fixture.growth(async () => {
      for (const input of heavyLoads(MIB / 32)) expect(await fixture.problems([input])).toEqual([]);
    });
    for (const bytes of grown) expect(bytes).toBeLessThan(128 * MIB);
    for (const { testee } of fixture.measured) expect(testee.restarts).toBe(0);
  });
});
