import { readFileSync } from "node:fs";
import {
  type ContractLock,
  decodeEntry,
  decodeFrame,
  type Entity,
  encodeEntry,
  entryKeys,
  parseKey,
} from "@cachepact/wire";
import { fromNeutral, keyFromNeutral } from "@cachepact/wire/testing";
import { describe, expect, test } from "vitest";
import * as contracts from "../src/index.ts";
import { fixtureFiles } from "./fixture.ts";

const files = fixtureFiles();
const lock = JSON.parse(readFileSync(new URL("../contracts.lock.json", import.meta.url), "utf8")) as ContractLock;

function isEntity(value: unknown): value is Entity<object, object> {
  return typeof value === "object" && value !== null && "record" in value;
}

const entities = new Map(
  Object.values(contracts as Readonly<Record<string, unknown>>)
    .filter(isEntity)
    .map((entity) => [entity.record.entity, entity]),
);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

describe("the contract", () => {
  test("exports every entity of the lock, with the lock's record", () => {
    expect(Object.fromEntries([...entities].map(([name, entity]) => [name, entity.record]))).toEqual(lock.entities);
  });

  test("has golden entries for every entity, each with its reason", () => {
    expect([...files.keys()].toSorted()).toEqual([...entities.keys()].toSorted());
    for (const [name, { format, entity, count, cases }] of files) {
      expect({ format, entity, count }).toEqual({ format: 1, entity: name, count: cases.length });
      expect(new Set(cases.map((each) => each.name)).size).toBe(count);
      for (const each of cases) {
        expect(each.name.startsWith(`${name}/`)).toBe(true);
        expect(each.why.length).toBeGreaterThan(20);
      }
    }
  });

  // A fingerprint changes when readers of the old schema would see other bytes: this is the moment to think of them.
  test("has the fingerprints that live entries carry", () => {
    expect(Object.fromEntries([...entities].map(([name, { record }]) => [name, record.fingerprint]))).toEqual({
      preferences: "92d4368e",
      profile: "6815d092",
      session: "7f053993",
      user: "d5591e74",
    });
  });
});

for (const [name, { cases }] of files) {
  const entity = entities.get(name);
  if (entity === undefined) continue;
  const { record } = entity;
  // A digest has no way back.
  const hashed = record.key.some((segment) => "param" in segment && segment.transforms.length > 0);
  describe(`golden entries of ${name}`, () => {
    test.each(cases)("$name: $why", (golden) => {
      const value = fromNeutral(record.schema, golden.value);
      const key = keyFromNeutral(record, golden.key);
      const meta = {
        staleAtMs: golden.stale_at_ms ?? 0,
        createdAtMs: golden.created_at_ms ?? 0,
        dirty: golden.dirty ?? false,
        ...(record.log === null ? {} : { version: golden.version ?? 0 }),
      };
      const bytes = new Uint8Array(Buffer.from(golden.entry, "hex"));
      expect(entryKeys(record, "", key).value).toBe(golden.redis_key);
      if (hashed) expect(() => parseKey(record, "", golden.redis_key)).toThrow(/^E_KEY: /);
      else expect(parseKey(record, "", golden.redis_key)).toEqual(key);
      expect(entity.keyOf(value)).toEqual(key);
      expect(hex(encodeEntry(entity, value, meta))).toBe(golden.entry);
      expect(hex(record.framing === "plain" ? bytes : decodeFrame(bytes, "strict").payload)).toBe(golden.payload);
      expect(decodeEntry(entity, bytes, key)).toEqual({
        value,
        version: golden.version ?? 0,
        staleAtMs: golden.stale_at_ms ?? 0,
        createdAtMs: golden.created_at_ms ?? 0,
        costMs: 0,
        dirty: golden.dirty ?? false,
        foreign: false,
      });
      expect(entity.fromJson(entity.toJson(value))).toEqual(value);
    });
  });
}
