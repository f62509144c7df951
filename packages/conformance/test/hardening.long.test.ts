import { afterAll, beforeAll, expect, test } from "vitest";
import { sabotages } from "../src/hardening/auxiliary.ts";
import { foreignBytes, lyingFrames, spoiltEntries } from "../src/hardening/corpus.ts";
import { rejectedFrames, rejectedPayloads } from "../src/hardening/fixture-rejects.ts";
import { Battlefield, type State } from "./hardening-attacks.ts";

/** What all attacks of this file together may need above what a process has at its start. */
const MEMORY_MIB = 250;

let field: Battlefield;
let start: readonly State[];
beforeAll(async () => {
  field = await Battlefield.open();
  start = await field.states();
});
afterAll(() => field.close());

test("everything under the key of every entity: what cannot be decoded is a counted miss, with one code in every language", async () => {
  const problems: string[] = [];
  // A payload that one entity refuses may be anything to another: there the languages only have to agree.
  const payloads = field.targets.flatMap(({ entity }) => rejectedPayloads(entity.record));
  expect(field.targets.length).toBeGreaterThan(10);
  expect(payloads.length).toBeGreaterThan(1_000);
  for (const target of field.targets) {
    const { entity, value } = target;
    const own = rejectedPayloads(entity.record);
    const others = payloads.filter(({ name }) => !own.some((each) => each.name === name));
    const corpus = [
      ...foreignBytes(),
      ...lyingFrames(entity.record),
      ...spoiltEntries(entity, value),
      ...rejectedFrames(),
      ...own,
      ...others.filter((_, at) => at % 10 === 0).map(({ name, put }) => ({ name, put })),
    ];
    problems.push(...(await field.attackAll(target, corpus)));
  }
  expect(problems).toEqual([]);
});

test("everything beside the key of every entity", async () => {
  for (const target of field.targets) {
    expect(await field.sabotageAll(target, sabotages(target))).toEqual([]);
  }
});

test("nothing of it changed a prototype, ran, or filled the memory", async () => {
  for (const [index, { intact, maxRssMib }] of (await field.states()).entries()) {
    const name = field.victims[index]?.name;
    expect(intact, name).toBe(true);
    expect(maxRssMib - (start[index]?.maxRssMib ?? 0), `${name}, MiB`).toBeLessThan(MEMORY_MIB);
  }
});
