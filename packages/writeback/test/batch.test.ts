import { Preferences } from "@cachepact/contracts";
import { defineEntity } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import { cutBatch, hashKey } from "../src/batch.ts";
import type { StreamEntry } from "../src/redis.ts";
import { item } from "./accept.ts";
import { preferences } from "./stack.ts";

const entities = new Map([[1, Preferences]]) as unknown as Parameters<typeof cutBatch>[0];
const NO_LIMIT = 1024 * 1024;

function entry(version: number, userId: number, value: Preferences | null, generation = 1): StreamEntry {
  const { head, payload } = item(userId, value);
  const text = (content: string): Uint8Array => Buffer.from(content);
  return {
    id: `${version}-0`,
    fields: new Map([
      ["k", text(String(userId))],
      ["g", text(String(generation))],
      ["h", head],
      ["p", payload],
    ]),
  };
}

function garbled(version: number, userId: number): StreamEntry {
  const whole = entry(version, userId, preferences(userId));
  const payload = whole.fields.get("p") ?? new Uint8Array();
  return { id: whole.id, fields: new Map(whole.fields).set("p", payload.subarray(0, payload.length - 1)) };
}

describe("a batch", () => {
  test("holds the newest event of each key, sorted by id, and stands for all of them", () => {
    const entries = [
      entry(10, 2, preferences(2, "a")),
      entry(11, 1, preferences(1)),
      entry(12, 2, preferences(2, "b")),
      entry(13, 3, preferences(3)),
      entry(14, 3, null),
    ];
    const batch = cutBatch(entities, entries, NO_LIMIT);
    expect(batch.upserts.map(({ id, version }) => [id, version])).toEqual([
      ["1", 11],
      ["2", 12],
    ]);
    expect(JSON.parse(batch.upserts[1]?.document ?? "")).toMatchObject({ language: "b" });
    expect(batch.removals).toEqual([{ id: "3", version: 14 }]);
    expect(batch.keys.map(({ id, version, generation }) => [id, version, generation])).toEqual([
      ["1", 11, 1],
      ["2", 12, 1],
      ["3", 14, 1],
    ]);
    expect(batch).toMatchObject({ events: 5, top: 14, obstacle: null });
  });

  test("gives back what accepting it was reckoned at", () => {
    const first = entry(1, 1, preferences(1));
    const removal = entry(2, 2, null);
    const size = first.fields.get("p")?.length ?? 0;
    expect(cutBatch(entities, [first, removal], NO_LIMIT).cost).toBe(2 * size + 400 + 400);
  });

  test("carries the document as canonical JSON", () => {
    const value = { ...preferences(5), settings: { b: "2", a: "1" } };
    const [row] = cutBatch(entities, [entry(1, 5, value)], NO_LIMIT).upserts;
    expect(row?.document).toBe(Preferences.toJson(value));
  });

  test("ends before the byte limit, and holds one event of any size", () => {
    const entries = [1, 2, 3].map((userId) => entry(userId, userId, preferences(userId, "x".repeat(1_000))));
    expect(cutBatch(entities, entries, 2_100)).toMatchObject({ events: 2, top: 2, obstacle: null });
    expect(cutBatch(entities, entries, 10)).toMatchObject({ events: 1, top: 1, obstacle: null });
  });

  test("ends before an event of an unknown generation, also when a later one hides it", () => {
    const entries = [entry(1, 1, preferences(1)), entry(2, 2, preferences(2), 2), entry(3, 2, preferences(2))];
    expect(cutBatch(entities, entries, NO_LIMIT)).toMatchObject({
      events: 1,
      top: 1,
      obstacle: { kind: "unknown_generation", generation: 2 },
    });
  });

  test("ends before a newest event with fields of a newer release, which writing it would lose", () => {
    const known = Preferences.record.schema.fields.filter(({ name }) => name !== "language");
    const older = defineEntity({ ...Preferences.record, schema: { ...Preferences.record.schema, fields: known } });
    const olderEntities = new Map([[1, older]]) as unknown as Parameters<typeof cutBatch>[0];
    const plain = preferences(1, "");
    const newer = entry(2, 2, preferences(2, "de"));
    const obstacle = { kind: "unknown_fields", generation: 1 };
    expect(cutBatch(olderEntities, [entry(1, 1, plain), newer], NO_LIMIT)).toMatchObject({ events: 1, obstacle });
    // One that a later event of its key hides is never written.
    expect(cutBatch(olderEntities, [newer, entry(3, 2, preferences(2, ""))], NO_LIMIT)).toMatchObject({
      events: 2,
      top: 3,
      obstacle: null,
    });
    // The contract gave the field up: nobody misses it.
    const reserved = { names: ["language"], numbers: [[3, 3] as const] };
    const later = defineEntity({
      ...Preferences.record,
      schema: { ...Preferences.record.schema, fields: known, reserved },
    });
    const laterEntities = new Map([[1, later]]) as unknown as Parameters<typeof cutBatch>[0];
    expect(cutBatch(laterEntities, [newer], NO_LIMIT)).toMatchObject({ events: 1, obstacle: null });
  });

  test("ends before a newest event that cannot be decoded, and names its key by a hash", () => {
    const batch = cutBatch(
      entities,
      [entry(1, 1, preferences(1)), garbled(2, 2), entry(3, 3, preferences(3))],
      NO_LIMIT,
    );
    expect(batch).toMatchObject({ events: 1, top: 1, obstacle: { kind: "undecodable", key: hashKey("2") } });
    expect(batch.upserts.map(({ id }) => id)).toEqual(["1"]);
  });

  test("does not decode what a later event hides", () => {
    const batch = cutBatch(entities, [garbled(1, 1), entry(2, 1, preferences(1))], NO_LIMIT);
    expect(batch).toMatchObject({ events: 2, top: 2, obstacle: null });
  });

  test("ends before an earlier event that only the cut brings back, when that one is bad too", () => {
    // 3 is bad; cutting there brings 1 back as the newest of its key, and 1 is bad as well.
    const entries = [
      entry(0x10, 9, preferences(9)),
      garbled(0x11, 1),
      garbled(0x12, 3),
      entry(0x13, 1, preferences(1)),
    ];
    expect(cutBatch(entities, entries, NO_LIMIT)).toMatchObject({
      events: 1,
      top: 0x10,
      obstacle: { kind: "undecodable", key: hashKey("1") },
    });
  });

  test("ends before an event without its fields", () => {
    const bare: StreamEntry = { id: "2-0", fields: new Map([["k", Buffer.from("7")]]) };
    const batch = cutBatch(entities, [entry(1, 1, preferences(1)), bare], NO_LIMIT);
    expect(batch).toMatchObject({ events: 1, obstacle: { kind: "undecodable", key: hashKey("7") } });
    expect(cutBatch(entities, [{ id: "2-0", fields: new Map() }], NO_LIMIT)).toMatchObject({
      events: 0,
      obstacle: { kind: "undecodable", key: null },
    });
  });

  test("ends before a payload that belongs to another key", () => {
    const other = entry(1, 2, preferences(2));
    const fields = new Map(other.fields).set("k", Buffer.from("1"));
    expect(cutBatch(entities, [{ id: "1-0", fields }], NO_LIMIT)).toMatchObject({
      events: 0,
      obstacle: { kind: "undecodable", error: { code: "E_BINDING" } },
    });
  });

  test("is empty for an empty stream", () => {
    expect(cutBatch(entities, [], NO_LIMIT)).toMatchObject({ events: 0, obstacle: null });
  });
});

test("a key's hash does not hold the key", () => {
  expect(hashKey("alice@example.org")).toMatch(/^[0-9a-f]{16}$/);
});
