import { describe, test } from "vitest";
import { generatedContract } from "./generated-contract.ts";
import { agreesOnBrokenBytes, agreesOnBrokenValues, readsTheNextRelease, vouches } from "./generated-property.ts";
import { randomProtos } from "./random-contract.ts";

const seed = Number(process.env["CACHEPACT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** Values of each kind, over all contracts. */
const cases = Number(process.env["CACHEPACT_CASES"] ?? 20_000);
const CONTRACTS = 5;
const ENTITIES = 8;

describe("generated codecs on many values of many schemas", () => {
  const runs = { numRuns: Math.ceil(cases / CONTRACTS / ENTITIES), endOnFailure: true };

  test.each(Array.from({ length: CONTRACTS }, (_, index) => seed + index))("CACHEPACT_SEED=%d", async (each) => {
    const contract = await generatedContract(randomProtos(each, ENTITIES));
    try {
      for (const entity of contract.entities.values()) {
        vouches(entity, { ...runs, seed: each });
        readsTheNextRelease(entity, { ...runs, seed: each });
        agreesOnBrokenValues(entity, { ...runs, seed: each });
        agreesOnBrokenBytes(entity, { ...runs, seed: each });
      }
    } finally {
      contract.remove();
    }
  });
});
