import { defineEntity } from "@cachepact/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { valueArbitrary } from "./arbitrary.ts";
import { entityRecord } from "./fixture.ts";
import { thrown } from "./thrown.ts";

interface User {
  id: bigint;
  name?: string;
  preferences?: Record<string, string>;
}

const user = defineEntity<{ id: bigint }, User>(entityRecord("user"));
const setting = defineEntity<object, { userId: number; name: string; content: string }>(entityRecord("setting"));

test("toJson gives the canonical JSON of an entity of another codec", () => {
  expect(user.record.codec).toBe("msgpack");
  expect(user.toJson({ id: 42n, name: "Ada" })).toBe(
    '{"balance":"0","email":"","id":"42","name":"Ada","preferences":{},"roles":[]}',
  );
});

test("fromJson reads text and bytes", () => {
  expect(user.fromJson('{"id": 42}')).toMatchObject({ id: 42n, name: "" });
  expect(user.fromJson(new TextEncoder().encode('{"id":"42","name":"é"}'))).toMatchObject({ id: 42n, name: "é" });
});

test("fromJson is the inverse of toJson", () => {
  const { schema } = entityRecord("all-types");
  const entity = defineEntity<object, object>(entityRecord("all-types"));
  fc.assert(
    fc.property(valueArbitrary(schema), (value) => {
      expect(entity.fromJson(entity.toJson(value))).toEqual(value);
    }),
    { numRuns: 100 },
  );
});

describe("fromJson of text from outside", () => {
  const all = defineEntity<object, object>(entityRecord("all-types"));

  test.each([
    ["text that is no JSON", "{", "E_TRUNCATED"],
    ["another type", '{"id":"x"}', "E_TYPE"],
    ["an unknown enum name", '{"id":1,"color":"COLOR_NONE"}', "E_TYPE"],
    ["an enum name that objects inherit", '{"id":1,"color":"toString"}', "E_TYPE"],
    ["a missing member", "{}", "E_MISSING"],
    ["half of a surrogate pair", '{"id":1,"text":"\ud800"}', "E_SURROGATE"],
  ])("%s: %s gives %s", (_, text, code) => {
    expect(thrown(() => all.fromJson(text))).toBe(code);
  });

  test("an error names the field", () => {
    expect(() => all.fromJson('{"id":1,"part":{"label":5}}')).toThrow(
      expect.objectContaining({ code: "E_TYPE", field: "part.label" }),
    );
  });
});

test("check throws what writing the entry would", () => {
  expect(thrown(() => user.check({ id: 42n }))).toBeUndefined();
  expect(thrown(() => user.check({ id: 2n ** 63n }))).toBe("E_RANGE");
  expect(thrown(() => user.check({ id: 1n, name: "x".repeat(65_536) }))).toBe("E_SIZE");
  expect(thrown(() => user.check({ id: 1n, nmae: "x" } as User))).toBe("E_TYPE");
});

test("idOf gives the id under which the worker stores a row: escaped as in the key", () => {
  expect(user.idOf({ id: 42n })).toBe("42");
  expect(setting.idOf({ userId: 7, name: "a:b" })).toBe("7:a%3Ab");
  expect(thrown(() => setting.idOf({ userId: 7 }))).toBe("E_MISSING");
});

test("keyOf takes the key's parameters out of a value", () => {
  expect(user.keyOf({ id: 42n, name: "Ada" })).toEqual({ id: 42n });
  expect(setting.keyOf({ userId: 42, name: "theme", content: "dark" })).toEqual({ userId: 42, name: "theme" });
  expect(thrown(() => user.keyOf({} as User))).toBe("E_MISSING");
});
