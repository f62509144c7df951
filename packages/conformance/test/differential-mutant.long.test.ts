import { readFileSync } from "node:fs";
import { type CodecName, type ContractLock, codecs, type EntityRecord, isCachepactError } from "@cachepact/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mutant } from "../src/differential/mutant.ts";

const lock = JSON.parse(
  readFileSync(new URL(import.meta.resolve("@cachepact/wire/fixtures/contract/contracts.lock.json")), "utf8"),
) as ContractLock;
const records: readonly EntityRecord[] = Object.values(lock.entities);
const names: readonly CodecName[] = ["json", "msgpack", "protobuf"];
const SEED = 20_260_101;

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (isCachepactError(error)) return error.code;
    throw error;
  }
}

describe("mutants", () => {
  /** Every code that a decoder of the codec may give (SPEC 4), but the ones that need what no random change makes. */
  const CODES: Readonly<Record<CodecName, readonly string[]>> = {
    json: [
      "E_DEPTH",
      "E_DUP",
      "E_FLOAT",
      "E_MISSING",
      "E_RANGE",
      "E_SURROGATE",
      "E_SYNTAX",
      "E_TRAILING",
      "E_TRUNCATED",
      "E_TYPE",
      "E_UTF8",
    ],
    msgpack: ["E_DEPTH", "E_DUP", "E_FLOAT", "E_MISSING", "E_RANGE", "E_TRAILING", "E_TRUNCATED", "E_TYPE", "E_UTF8"],
    protobuf: ["E_FLOAT", "E_MISSING", "E_RANGE", "E_SYNTAX", "E_TRUNCATED", "E_TYPE", "E_UTF8"],
  };

  test.each(names)("of %s are valid, lenient and refused ones, with every code", (codec) => {
    const found = new Map<string, number>();
    const count = (verdict: string): unknown => found.set(verdict, (found.get(verdict) ?? 0) + 1);
    const many = fc.sample(mutant(records, codec), { seed: SEED, numRuns: 5_000 });
    for (const { record, bytes } of many) {
      const decode = (mode: "lenient" | "strict") => codeOf(() => codecs[codec].decode(record.schema, bytes, mode));
      const lenient = decode("lenient");
      count(lenient ?? (decode("strict") === undefined ? "strict" : "lenient"));
    }
    for (const code of CODES[codec]) expect([code, found.has(code)]).toEqual([code, true]);
    // Neither all refused nor all taken: what is taken is where wrong values hide.
    expect(found.get("lenient")).toBeGreaterThan(500);
    expect(found.get("strict")).toBeGreaterThan(50);
    expect((found.get("lenient") ?? 0) + (found.get("strict") ?? 0)).toBeLessThan(3_800);
  });
});
