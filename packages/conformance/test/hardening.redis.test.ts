import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { sabotages } from "../src/hardening/auxiliary.ts";
import { foreignBytes, lyingFrames, spoiltEntries } from "../src/hardening/corpus.ts";
import { rejectedFrames, rejectedPayloads } from "../src/hardening/fixture-rejects.ts";
import { Battlefield, type State } from "./hardening-attacks.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

/** What all attacks of this file together may need above what a process has at its start. */
const MEMORY_MIB = 150;
/** One of each codec, framing and pattern; test/hardening.long.test.ts takes all. */
const TARGETS = ["user", "profile", "preferences", "session"];

let field: Battlefield;
let start: readonly State[];
beforeAll(async () => {
  field = await Battlefield.open();
  start = await field.states();
});
afterAll(() => field.close());

test("the victims are what they should be", () => {
  expect(start.map(({ hardened }) => hardened)).toEqual([false, true, false]);
  expect(start.every(({ intact }) => intact)).toBe(true);
});

describe("whatever lies under a key, a read gives the loader's value and counts why, and the next one hits", () => {
  test.each(TARGETS)("%s: what other programs write, what is meant to harm, records of other types", async (name) => {
    expect(await field.attackAll(field.target(name), foreignBytes())).toEqual([]);
  });

  test.each(TARGETS)("%s: frames that lie, and entries that were spoilt", async (name) => {
    const { entity, value } = field.target(name);
    const corpus = [...lyingFrames(entity.record), ...spoiltEntries(entity, value)];
    expect(await field.attackAll({ entity, value }, corpus)).toEqual([]);
  });

  test("frames that the fixtures refuse, under the code that they name", async () => {
    expect(rejectedFrames().length).toBeGreaterThan(50);
    expect(await field.attackAll(field.target("user"), rejectedFrames())).toEqual([]);
  });

  test.each([
    ["all-types", 800, 12],
    ["user-by-name", 100, 3],
  ])("%s: payloads that the fixtures refuse, under the code that they name", async (name, least, step) => {
    const target = field.target(name);
    const corpus = rejectedPayloads(target.entity.record);
    expect(corpus.length).toBeGreaterThan(least);
    // A sample; test/hardening.long.test.ts takes every one.
    const sample = corpus.filter((_, at) => at % step === 0);
    expect(await field.attackAll(target, sample)).toEqual([]);
  });
});

describe("whatever lies beside a key, a read gives the loader's value", () => {
  test.each(["user", "preferences"])("%s", async (name) => {
    const target = field.target(name);
    // A sample: a read that waits for a write which is marked and not there waits for its whole deadline.
    const sample = sabotages(target).filter((_, at) => at % 4 === 0);
    expect(await field.sabotageAll(target, sample)).toEqual([]);
  });
});

test("nothing of it changed a prototype, ran, or filled the memory", async () => {
  for (const [index, { intact, maxRssMib }] of (await field.states()).entries()) {
    const name = field.victims[index]?.name;
    expect(intact, name).toBe(true);
    expect(maxRssMib - (start[index]?.maxRssMib ?? 0), `${name}, MiB`).toBeLessThan(MEMORY_MIB);
  }
});
