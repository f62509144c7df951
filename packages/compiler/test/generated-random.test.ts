import type { Entity } from "@cachepact/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GeneratedContract, generatedContract, goldenContract } from "./generated-contract.ts";
import { agreesOnBrokenBytes, agreesOnBrokenValues, readsTheNextRelease, vouches } from "./generated-property.ts";
import { randomProtos } from "./random-contract.ts";

const seed = Number(process.env["CACHEPACT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const ENTITIES = 8;

let golden: GeneratedContract;
let random: GeneratedContract;

beforeAll(async () => {
  golden = await goldenContract();
  random = await generatedContract(randomProtos(seed, ENTITIES));
}, 60_000);

afterAll(() => {
  golden?.remove();
  random?.remove();
});

function each(check: (entity: Entity<object, object>) => void): void {
  const { entities } = golden;
  const all = [entities.get("all-types"), entities.get("user"), ...random.entities.values()];
  expect(all).toHaveLength(ENTITIES + 2);
  for (const entity of all) check(entity as Entity<object, object>);
}

describe(`generated codecs, CACHEPACT_SEED=${seed}`, () => {
  test("vouch for any value", () => each((entity) => vouches(entity, { seed, numRuns: 40, endOnFailure: true })));

  test("read what the next release writes, nearly always without abstaining", () =>
    each((entity) => {
      const [vouched, of] = readsTheNextRelease(entity, { seed, numRuns: 40, endOnFailure: true });
      expect(vouched / of).toBeGreaterThan(0.5);
    }));

  test("agree with the interpreter on values with a fault", () =>
    each((entity) => agreesOnBrokenValues(entity, { seed, numRuns: 80, endOnFailure: true })));

  test("agree with the interpreter on bytes with a fault", () =>
    each((entity) => agreesOnBrokenBytes(entity, { seed, numRuns: 80, endOnFailure: true })));
});
