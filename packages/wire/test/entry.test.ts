import {
  belongsTo,
  decodeEntry,
  defineEntity,
  type Entity,
  type EntryMeta,
  encodeEntry,
  versionOf,
} from "@cachepact/wire";
import { completeNeutral, fromNeutral, keyFromNeutral, type Neutral } from "@cachepact/wire/testing";
import { describe, expect, test } from "vitest";
import { type Case, entityRecord, hex, ofKind, unhex } from "./fixture.ts";
import { thrown } from "./thrown.ts";

type Shape = Readonly<Record<string, Neutral>>;

function entityOf(each: Case): Entity<object, object> {
  return defineEntity<object, object>(entityRecord(each["entity"]));
}

function valueOf(each: Case): object | null {
  const value = each["value"] as Shape | null;
  return value === null ? null : fromNeutral(entityRecord(each["entity"]).schema, value);
}

function metaOf(each: Case): EntryMeta {
  const { version, stale_at_ms, created_at_ms, cost_ms, dirty } = each["meta"] as Record<string, never>;
  return {
    ...(version === undefined ? {} : { version }),
    ...(stale_at_ms === undefined ? {} : { staleAtMs: stale_at_ms }),
    ...(created_at_ms === undefined ? {} : { createdAtMs: created_at_ms }),
    ...(cost_ms === undefined ? {} : { costMs: cost_ms }),
    ...(dirty === undefined ? {} : { dirty }),
  };
}

function expectEntry(each: Case): void {
  const entity = entityOf(each);
  const key = keyFromNeutral(entity.record, each["key"] as Shape);
  const neutral = each["value"] as Shape | null;
  const value =
    neutral === null ? null : fromNeutral(entity.record.schema, completeNeutral(entity.record.schema, neutral));
  const { version, stale_at_ms, created_at_ms, cost_ms, dirty, foreign } = each["result"] as Shape;
  expect(decodeEntry(entity, unhex(each["bytes"]), key)).toEqual({
    value,
    version,
    staleAtMs: stale_at_ms,
    createdAtMs: created_at_ms,
    costMs: cost_ms,
    dirty,
    foreign,
  });
}

describe("entries of the fixtures", () => {
  for (const each of ofKind("entries", "entry")) {
    test(each.name, () => {
      expect(hex(encodeEntry(entityOf(each), valueOf(each), metaOf(each)))).toBe(each["bytes"]);
      expectEntry(each);
    });
  }

  for (const each of ofKind("entries", "accept")) test(each.name, () => expectEntry(each));

  for (const each of ofKind("entries", "reject")) {
    test(`${each.name}: ${String(each["error"])}`, () => {
      const entity = entityOf(each);
      const key = keyFromNeutral(entity.record, each["key"] as Shape);
      expect(thrown(() => decodeEntry(entity, unhex(each["bytes"]), key))).toBe(each["error"]);
    });
  }

  for (const each of ofKind("entries", "encode-error")) {
    test(`${each.name}: ${String(each["error"])}`, () => {
      expect(thrown(() => encodeEntry(entityOf(each), valueOf(each), metaOf(each)))).toBe(each["error"]);
    });
  }
});

const user = defineEntity<{ id: bigint }, { id: bigint; name?: string }>(entityRecord("user"));

test("without a key nothing is bound", () => {
  const bytes = encodeEntry(user, { id: 43n });
  expect(decodeEntry(user, bytes).value).toMatchObject({ id: 43n });
  expect(thrown(() => decodeEntry(user, bytes, { id: 42n }))).toBe("E_BINDING");
});

test("a parameter that is no field of the value binds nothing", () => {
  const record = entityRecord("user");
  const param = { param: "tenant", type: "string", max_bytes: 128, transforms: [] } as const;
  const entity = defineEntity<object, { id: bigint }>({ ...record, key: [param, ...record.key] });
  const bytes = encodeEntry(entity, { id: 42n });
  expect(decodeEntry(entity, bytes, { tenant: "a", id: 42n }).value).toMatchObject({ id: 42n });
  expect(thrown(() => decodeEntry(entity, bytes, { tenant: "a", id: 43n }))).toBe("E_BINDING");
});

test("an entry may lie anywhere in a larger buffer", () => {
  const bytes = encodeEntry(user, { id: 42n, name: "Zoë" }, { staleAtMs: 5 });
  const larger = Buffer.concat([Buffer.from("xx"), bytes, Buffer.from("yy")]);
  const found = decodeEntry(user, larger.subarray(2, 2 + bytes.length), { id: 42n });
  expect(found).toMatchObject({ value: { id: 42n, name: "Zoë" }, staleAtMs: 5 });
});

test("a payload at its limit is held, one byte more is refused", () => {
  const entity = defineEntity<object, { name: string }>({ ...entityRecord("user-by-name"), max_payload_bytes: 40 });
  const fits = encodeEntry(entity, { name: "x".repeat(40 - '{"name":"","user_id":"0"}'.length) });
  expect(decodeEntry(entity, fits).value).not.toBeNull();
  expect(thrown(() => encodeEntry(entity, { name: "x".repeat(41 - '{"name":"","user_id":"0"}'.length) }))).toBe(
    "E_SIZE",
  );
});

test("a reader takes what a later release writes, a writer of this release does not make it", () => {
  const record = { ...entityRecord("user-by-name"), max_payload_bytes: 40 };
  const value = { name: "x".repeat(60 - '{"name":"","user_id":"0"}'.length) };
  const larger = encodeEntry(defineEntity<object, { name: string }>({ ...record, max_payload_bytes: 60 }), value);
  const announcing = defineEntity<object, { name: string }>({ ...record, announced: { max_payload_bytes: 60 } });
  expect(decodeEntry(announcing, larger).value).toEqual(expect.objectContaining(value));
  expect(thrown(() => encodeEntry(announcing, value))).toBe("E_SIZE");
  expect(thrown(() => decodeEntry(defineEntity(record), larger))).toBe("E_SIZE");
  const largest = encodeEntry(defineEntity<object, { name: string }>({ ...record, max_payload_bytes: 61 }), {
    name: `${value.name}x`,
  });
  expect(thrown(() => decodeEntry(announcing, largest))).toBe("E_SIZE");
});

test("the version field of a value is taken as a number or a bigint", () => {
  const record = entityRecord("all-types");
  expect(versionOf(record, { version: 7 })).toBe(7);
  expect(versionOf(record, { version: 7n })).toBe(7);
  expect(versionOf(record, {})).toBe(0);
  expect(versionOf(entityRecord("user"), { version: 7 })).toBe(0);
  for (const version of [-1, 1.5, 2 ** 53, 2n ** 53n, "7"]) {
    expect(thrown(() => versionOf(record, { version }))).toBe("E_RANGE");
  }
});

describe("a value belongs to an id", () => {
  test.each([
    ["when its fields give the id's texts", "setting", { userId: 7, name: "a:b" }, "7:a%3Ab", true],
    ["not when one of them differs", "setting", { userId: 7, name: "a" }, "7:b", false],
    ["whatever a parameter is that is no field", "page", { number: 7 }, "acme:7", true],
    ["not when a field differs beside it", "page", { number: 8 }, "acme:7", false],
  ])("%s", (_, name, value, id, belongs) => {
    expect(belongsTo(entityRecord(name), value, id)).toBe(belongs);
  });

  test("a field that can be no parameter is an error of its own", () => {
    expect(thrown(() => belongsTo(entityRecord("setting"), { name: "a" }, "7:a"))).toBe("E_MISSING");
    expect(thrown(() => belongsTo(entityRecord("setting"), { userId: "7", name: "a" }, "7:a"))).toBe("E_TYPE");
  });
});
