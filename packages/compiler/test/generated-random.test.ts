import { codecs, type Entity } from "@cachepact/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GeneratedContract, generatedContract, goldenContract } from "./generated-contract.ts";
import { agreesOnBrokenBytes, agreesOnBrokenValues, readsTheNextRelease, vouches } from "./generated-property.ts";
import { randomProtos, WIDE } from "./random-contract.ts";

const seed = Number(process.env["CACHEPACT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const ENTITIES = 6;

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
  expect(all).toHaveLength(ENTITIES + 3);
  for (const entity of all) check(entity as Entity<object, object>);
}

describe(`generated codecs, CACHEPACT_SEED=${seed}`, () => {
  test("vouch for any value", () => each((entity) => vouches(entity, { seed, numRuns: 25, endOnFailure: true })));

  test("write the head of a MessagePack record by the members that are there", () => {
    const entity = random.entities.get("wide") as Entity<object, object>;
    for (let count = 0; count <= WIDE; count += 1) {
      const value = Object.fromEntries(Array.from({ length: count }, (_, index) => [`o${index}`, index]));
      const bytes = codecs.msgpack.encode(entity.record.schema, value);
      expect(Buffer.from(entity.generated?.msgpack.encode(value)?.bytes ?? []).equals(bytes)).toBe(true);
      expect(entity.generated?.msgpack.decode(bytes)).toEqual({ id: 0, ...value });
    }
  });

  test("read what the next release writes, nearly always without abstaining", () =>
    each((entity) => {
      const [vouched, of] = readsTheNextRelease(entity, { seed, numRuns: 25, endOnFailure: true });
      expect(vouched / of).toBeGreaterThan(0.5);
    }));

  test("agree with the interpreter on values with a fault", () =>
    each((entity) => agreesOnBrokenValues(entity, { seed, numRuns: 50, endOnFailure: true })));

  test("agree with the interpreter on bytes with a fault", () =>
    each((entity) => agreesOnBrokenBytes(entity, { seed, numRuns: 50, endOnFailure: true })));
});
