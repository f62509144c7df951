import type { Field, FieldType, MessageType } from "@cachepact/wire";
import {
  completeNeutral,
  fromNeutral,
  keyFromNeutral,
  keyToNeutral,
  type Neutral,
  NeutralFormError,
  toNeutral,
} from "@cachepact/wire/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { schemaWithValue } from "./arbitrary.ts";
import { entityRecord, ofKind } from "./fixture.ts";

function schemaOf(type: FieldType, field: Partial<Field> = {}): MessageType {
  return { message: "a.v1.A", fields: [{ name: "x_y", number: 1, presence: "optional", type, ...field }] };
}

const part = schemaOf("string");

describe("a neutral value and a value of TypeScript", () => {
  test.each<[string, MessageType, Neutral, unknown]>([
    ["a 64-bit integer", schemaOf("int64"), "-9007199254740993", -9007199254740993n],
    ["the same as JS_NUMBER", schemaOf("uint64", { jstype: "number" }), "42", 42],
    ["an int32", schemaOf("sint32"), -1, -1],
    ["a bool", schemaOf("bool"), false, false],
    ["a double", schemaOf("double"), 1.5, 1.5],
    ["a negative zero", schemaOf("double"), { f64: "8000000000000000" }, -0],
    ["an infinity", schemaOf("double"), { f64: "fff0000000000000" }, Number.NEGATIVE_INFINITY],
    ["text", schemaOf("string"), "é\u2028😀", "é\u2028😀"],
    ["ill-formed text", schemaOf("string"), { utf16: "0061d800" }, "a\ud800"],
    ["bytes", schemaOf("bytes"), "00ff", Uint8Array.of(0, 255)],
    ["a time", schemaOf("timestamp"), [-1, 999_000_000], -1],
    ["the last ms there is", schemaOf("timestamp"), [253_402_300_799, 999_000_000], 253_402_300_799_999],
    ["an enum", schemaOf({ enum: "a.v1.E", values: { ZERO: 0 } }), 77, 77],
    ["a message", schemaOf(part), { x_y: "in" }, { xY: "in" }],
    ["a list", schemaOf("bytes", { presence: "repeated" }), ["01", ""], [Uint8Array.of(1), new Uint8Array(0)]],
  ])("%s", (_, schema, neutral, value) => {
    expect(fromNeutral(schema, { x_y: neutral })).toEqual({ xY: value });
    expect(Object.is(fromNeutral(schema, { x_y: neutral })["xY"], value) || typeof value === "object").toBe(true);
    expect(toNeutral(schema, { xY: value })).toEqual({ x_y: neutral });
  });

  test("a map has no prototype, and its pairs are sorted by UTF-16 units", () => {
    const schema = schemaOf("int32", { presence: "map" });
    const pairs: Neutral = [
      ["\ufb33", 1],
      ["__proto__", 2],
      ["😀", 3],
    ];
    const value = fromNeutral(schema, { x_y: pairs });
    expect(Object.getPrototypeOf(value["xY"])).toBeNull();
    expect(Object.entries(value["xY"] as object)).toEqual(pairs);
    const sorted = {
      x_y: [
        ["__proto__", 2],
        ["😀", 3],
        ["\ufb33", 1],
      ],
    };
    expect(toNeutral(schema, value)).toEqual(sorted);
    expect(completeNeutral(schema, { x_y: pairs })).toEqual(sorted);
  });

  test("finer times than ms keep their ms, also where a number has no room for the rest", () => {
    const schema = schemaOf("timestamp");
    expect(fromNeutral(schema, { x_y: [0, 1_500_000] })).toEqual({ xY: 1.5 });
    expect(fromNeutral(schema, { x_y: [-1, 999_999_999] })["xY"]).toBeLessThan(0);
    expect(fromNeutral(schema, { x_y: [253_402_300_799, 999_999_999] })).toEqual({ xY: 253_402_300_799_999 });
    expect(toNeutral(schema, { xY: 1.5 })).toEqual({ x_y: [0, 1_500_000] });
  });

  test("an integer beyond every number is out of range, and no infinity", () => {
    const schema = schemaOf("int64", { jstype: "number" });
    expect(fromNeutral(schema, { x_y: `-${"9".repeat(400)}` })).toEqual({ xY: -Number.MAX_VALUE });
  });

  test("long text is written short", () => {
    const neutral: Neutral = { x_y: { repeat: "ab", times: 3 } };
    expect(fromNeutral(part, neutral)).toEqual({ xY: "ababab" });
    expect(completeNeutral(part, neutral)).toEqual({ x_y: "ababab" });
  });

  test("native values and unknown members are passed on as they stand", () => {
    expect(fromNeutral(schemaOf("int32"), { x_y: { native: "1" }, no_field: [1] })).toEqual({ xY: "1", noField: [1] });
    expect(fromNeutral(schemaOf(part), { x_y: { native: null } })).toEqual({ xY: null });
    expect(fromNeutral(schemaOf(part, { presence: "map" }), { x_y: { native: 5 } })).toEqual({ xY: 5 });
    expect(fromNeutral(part, { native: "root" })).toBe("root");
  });

  test("a field that is named like a special form is a field", () => {
    const names = ["native", "utf16", "f64", "repeat", "times"];
    const fields = names.map((name, at): Field => ({ name, number: at + 1, presence: "implicit", type: "string" }));
    const inner: MessageType = { message: "a.v1.Odd", fields };
    const neutral = Object.fromEntries(names.map((name) => [name, `of ${name}`]));
    expect(fromNeutral(schemaOf(inner), { x_y: neutral })).toEqual({ xY: neutral });
    expect(fromNeutral(inner, neutral)).toEqual(neutral);
    expect(completeNeutral(inner, neutral)).toEqual(neutral);
  });

  test("absent members stay absent on the way in, and are at their default on the way out", () => {
    const presences = ["implicit", "optional", "repeated", "map"] as const;
    const types = ["int64", "double", "bool", "string", "bytes", "int32"] as const;
    const fields = types.flatMap((type, at) =>
      presences.map((presence, of): Field => ({ name: `${type}_${presence}`, number: at * 4 + of, presence, type })),
    );
    const schema: MessageType = { message: "a.v1.B", fields };
    expect(fromNeutral(schema, {})).toEqual({});
    expect(toNeutral(schema, {})).toEqual(completeNeutral(schema, {}));
    expect(toNeutral(schema, {})).toMatchObject({
      int64_implicit: "0",
      double_implicit: 0,
      bool_implicit: false,
      string_implicit: "",
      bytes_implicit: "",
      int32_implicit: 0,
      int32_repeated: [],
      string_map: [],
    });
    expect(Object.keys(toNeutral(schema, {})).filter((name) => name.endsWith("optional"))).toEqual([]);
  });

  test("any value of any schema goes there and back", () => {
    fc.assert(
      fc.property(schemaWithValue, ([schema, value]) => {
        const neutral = JSON.parse(JSON.stringify(toNeutral(schema, value))) as Neutral;
        expect(completeNeutral(schema, neutral)).toEqual(neutral);
        expect(toNeutral(schema, fromNeutral(schema, neutral))).toEqual(neutral);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the fixtures in neutral form", () => {
  test("the value of each canonical case and its complete form are the same value", () => {
    const cases = ofKind("values", "canonical").filter((each) => each["decoded"] === undefined);
    expect(cases.length).toBeGreaterThan(50);
    for (const each of cases) {
      const { schema } = entityRecord(each["entity"]);
      const neutral = each["value"] as Neutral;
      expect(toNeutral(schema, fromNeutral(schema, neutral)), each.name).toEqual(completeNeutral(schema, neutral));
    }
  });

  test("the key of each case goes there and back", () => {
    for (const each of ofKind("keys", "key")) {
      const record = entityRecord(each["entity"]);
      const params = each["key"] as Readonly<Record<string, Neutral>>;
      const key = keyFromNeutral(record, params);
      const back = keyToNeutral(record, key);
      expect(keyFromNeutral(record, back), each.name).toEqual(key);
      if (!JSON.stringify(params).includes('"repeat"')) expect(back, each.name).toEqual(params);
    }
  });
});

describe("what is no neutral value is refused, with its place and without its content", () => {
  test.each<[string, MessageType, Neutral]>([
    ["a number for a 64-bit integer", schemaOf("int64"), 1],
    ["a leading zero", schemaOf("int64"), "01"],
    ["a negative zero as text", schemaOf("int64"), "-0"],
    ["text for a number", schemaOf("int32"), "1"],
    ["null", schemaOf("string"), null],
    ["hex in upper case", schemaOf("bytes"), "FF"],
    ["half a byte", schemaOf("bytes"), "f"],
    ["ms for a time", schemaOf("timestamp"), 1],
    ["nanos of a whole second", schemaOf("timestamp"), [0, 1_000_000_000]],
    ["negative nanos", schemaOf("timestamp"), [0, -1]],
    ["an object for a map", schemaOf("string", { presence: "map" }), { a: "b" }],
    [
      "a key that stands twice",
      schemaOf("bool", { presence: "map" }),
      [
        ["a", true],
        ["a", true],
      ],
    ],
    ["a pair of three", schemaOf("bool", { presence: "map" }), [["a", true, true]]],
    ["a key that is no text", schemaOf("bool", { presence: "map" }), [[1, true]]],
    ["an unknown special form", schemaOf("string"), { base64: "AA==" }],
    ["seven bytes of a double", schemaOf("double"), { f64: "00000000000000" }],
    ["a fraction of a repetition", schemaOf("string"), { repeat: "x", times: 0.5 }],
    ["an array for a message", schemaOf(part), []],
  ])("%s", (_, schema, neutral) => {
    expect(() => fromNeutral(schemaOf(schema), { x_y: { x_y: neutral } })).toThrow(NeutralFormError);
    expect(() => fromNeutral(schemaOf(schema), { x_y: { x_y: neutral } })).toThrow(/^read a neutral value, x_y\.x_y: /);
  });

  test.each<[string, MessageType, unknown]>([
    ["a number for a bigint", schemaOf("int64"), 1],
    ["a bigint for JS_NUMBER", schemaOf("int64", { jstype: "number" }), 1n],
    ["a fraction", schemaOf("int32"), 0.5],
    ["text for a bool", schemaOf("bool"), "true"],
    ["an array for bytes", schemaOf("bytes"), [1]],
    ["NaN for a time", schemaOf("timestamp"), Number.NaN],
    ["null", schemaOf("string"), null],
    ["an object for a list", schemaOf("string", { presence: "repeated" }), {}],
    ["an array for a map", schemaOf("string", { presence: "map" }), []],
    ["an unknown property", schemaOf(part), { xY: "a", z: 1 }],
  ])("a value with %s", (_, schema, value) => {
    expect(() => toNeutral(schema, { xY: value })).toThrow(NeutralFormError);
  });

  test("a hole in a list is no value", () => {
    expect(() => toNeutral(schemaOf("string", { presence: "repeated" }), { xY: Array(1) })).toThrow(NeutralFormError);
  });
});
