import { createHash } from "node:crypto";
import { type CodecName, codecById, codecs, type MessageType } from "@cachepact/wire";
import { completeNeutral, fromNeutral, type Neutral } from "@cachepact/wire/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { schemaWithValue } from "./arbitrary.ts";
import { onlyItsOwn, roundTrip } from "./codec-property.ts";
import { type Case, entityRecord, hex, ofKind, unhex } from "./fixture.ts";
import { thrown } from "./thrown.ts";

class Labels {
  a = "b";
}

const names: readonly CodecName[] = ["json", "msgpack", "protobuf"];

type Shape = Readonly<Record<string, Neutral>>;

function input(each: Case): Uint8Array {
  return each["text"] === undefined ? unhex(each["bytes"]) : new TextEncoder().encode(each["text"] as string);
}

function expectBytes(found: Uint8Array, expected: unknown, codec: CodecName): void {
  if (typeof expected === "object") {
    expect({ sha256: createHash("sha256").update(found).digest("hex"), length: found.length }).toEqual(expected);
  } else if (codec === "json") expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(found)).toBe(expected);
  else expect(hex(found)).toBe(expected);
}

describe("canonical values of the fixtures", () => {
  for (const each of ofKind("values", "canonical")) {
    const { schema } = entityRecord(each["entity"]);
    const value = each["value"] as Shape;
    for (const name of names) {
      test(`${each.name}: ${name} makes the bytes and reads them strictly`, () => {
        const { bytes, ascii } = codecs[name].encodePayload(schema, fromNeutral(schema, value));
        expectBytes(bytes, each[name], name);
        expect(ascii).toBe(each["ascii"]);
        const decoded = fromNeutral(schema, completeNeutral(schema, (each["decoded"] ?? value) as Shape));
        expect(codecs[name].decode(schema, bytes, "strict")).toEqual(decoded);
      });
    }
  }
});

describe("values that no codec writes", () => {
  for (const each of ofKind("values", "encode-error")) {
    test.each(names)(`${each.name}: %s refuses with ${String(each["error"])}`, (name) => {
      const { schema } = entityRecord(each["entity"]);
      expect(thrown(() => codecs[name].encode(schema, fromNeutral(schema, each["value"] as Shape)))).toBe(
        each["error"],
      );
    });
  }
});

describe("bytes that are read leniently only", () => {
  for (const each of ofKind("values", "accept")) {
    test(each.name, () => {
      const { schema } = entityRecord(each["entity"]);
      const codec = codecs[each["codec"] as CodecName];
      const expected = fromNeutral(schema, completeNeutral(schema, each["value"] as Shape));
      expect(codec.decode(schema, input(each), "lenient")).toEqual(expected);
      expect(thrown(() => codec.decode(schema, input(each), "strict"))).toBe(each["strict"]);
    });
  }
});

describe("bytes that are refused", () => {
  for (const each of ofKind("values", "reject")) {
    test(`${each.name}: ${String(each["error"])}`, () => {
      const { schema } = entityRecord(each["entity"]);
      const codec = codecs[each["codec"] as CodecName];
      expect(thrown(() => codec.decode(schema, input(each), "lenient"))).toBe(each["error"]);
      expect(thrown(() => codec.decode(schema, input(each), "strict"))).toBe(each["error"]);
    });
  }
});

test("the golden user has the bytes that the prototypes of both languages made", () => {
  const golden = ofKind("values", "canonical").find((each) => each.name === "user/basic");
  expect(golden?.["json"]).toBe(
    '{"balance":"9007199254740993","created_at":"2023-11-14T22:13:20.123Z","email":"ada@example.com","id":"42","name":"Ada Lovelace","preferences":{"10":"x","9":"y","lang":"en","theme":"dark"},"roles":["admin"]}',
  );
  expect(golden?.["msgpack"]).toBe(
    "87a762616c616e6365cf0020000000000001aa637265617465645f6174d7ff1d5353006553f100a5656d61696caf616461406578616d706c652e636f6da269642aa46e616d65ac416461204c6f76656c616365ab707265666572656e63657384a23130a178a139a179a46c616e67a2656ea57468656d65a46461726ba5726f6c657391a561646d696e",
  );
  expect(golden?.["protobuf"]).toBe(
    "082a120f616461406578616d706c652e636f6d1a0c416461204c6f76656c616365220b0880e2cfaa0610c0a9d33a2a0561646d696e32070a02313012017832060a0139120179320a0a046c616e671202656e320d0a057468656d6512046461726b388180808080808010",
  );
});

describe("any value of any schema", () => {
  test.each(names)("%s: a strict decode of the encoding gives the value", (name) => {
    fc.assert(roundTrip(name), { numRuns: 400 });
  });

  test.each(names)("%s: a strict decode accepts no other bytes than its own encoding", (name) => {
    fc.assert(onlyItsOwn(name), { numRuns: 600 });
  });

  test("the three codecs hold the same value", () => {
    fc.assert(
      fc.property(schemaWithValue, ([schema, value]) => {
        const [json, msgpack, protobuf] = names.map((name) =>
          codecs[name].decode(schema, codecs[name].encode(schema, value), "strict"),
        );
        expect(json).toEqual(msgpack);
        expect(msgpack).toEqual(protobuf);
      }),
      { numRuns: 200 },
    );
  });
});

describe("TypeScript's values", () => {
  const { schema } = entityRecord("all-types");
  const encode = (value: object): Uint8Array => codecs.msgpack.encode(schema, { id: 1, ...value });

  test.each([
    ["a number for a bigint field", { large: 1 }],
    ["a bigint for a JS_NUMBER field", { safe: 1n }],
    ["a Date for a time", { at: new Date(0) }],
    ["NaN for an integer", { small: Number.NaN }],
    ["a Map for a map", { labels: new Map([["a", "b"]]) }],
    ["an array for a map", { labels: ["a"] }],
    ["an instance of a class for a map", { labels: new Labels() }],
    ["an array-like for a list", { words: { length: 0 } }],
    ["a typed array for a list", { numbers: new Uint8Array(2) }],
    ["a Uint16Array for bytes", { data: new Uint16Array(2) }],
    ["null for an optional field", { nickname: null }],
    ["undefined in a map", { labels: { a: undefined } }],
    ["a hole in a list", { words: Array(1) }],
    ["a property that the message does not have", { nmae: "x" }],
    ["a proto name instead of the property", { to_string: "x" }],
    ["an array for the root", []],
  ])("%s is refused with E_TYPE", (_, value) => {
    expect(thrown(() => (Array.isArray(value) ? codecs.msgpack.encode(schema, value) : encode(value)))).toBe("E_TYPE");
  });

  test("NaN is no time", () => {
    expect(thrown(() => encode({ at: Number.NaN }))).toBe("E_RANGE");
  });

  test("a required field that is absent is refused with E_MISSING", () => {
    expect(thrown(() => codecs.json.encode(schema, {}))).toBe("E_MISSING");
    expect(thrown(() => encode({ part: {} }))).toBe("E_MISSING");
  });

  test("undefined is absent", () => {
    expect(hex(encode({ nickname: undefined, small: undefined, labels: undefined }))).toBe(hex(encode({})));
  });

  test("the field at fault is named by its path, and no value is in the message", () => {
    const run = (): Uint8Array => encode({ parts: [{ label: "a", size: { width: 4_294_967_296 } }] });
    expect(run).toThrow(expect.objectContaining({ code: "E_RANGE", field: "parts.size.width" }));
    expect(run).not.toThrow(/4294967296/);
  });

  test("a decoded map has no prototype and decoding changes none", () => {
    const labels = JSON.parse('{"__proto__":"own","constructor":"c"}') as object;
    const before = Object.getOwnPropertyNames(Object.prototype);
    for (const name of names) {
      const decoded = codecs[name].decode(schema, codecs[name].encode(schema, { id: 1, labels }), "strict") as {
        labels: Record<string, string>;
      };
      expect(Object.getPrototypeOf(decoded.labels)).toBeNull();
      expect(decoded.labels["__proto__"]).toBe("own");
      expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    }
    const json = new TextEncoder().encode('{"id":1,"__proto__":{"polluted":1},"labels":{"__proto__":"x"}}');
    const lenient = codecs.json.decode(schema, json, "lenient");
    expect(Object.getPrototypeOf(lenient)).toBe(Object.prototype);
    expect("polluted" in lenient).toBe(false);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });

  test("decoded bytes are a copy: the reply's buffer may be used again", () => {
    const value = { id: 1, data: Uint8Array.of(1, 2, 3), chunks: [Uint8Array.of(4)] };
    for (const name of ["msgpack", "protobuf"] as const) {
      const bytes = Buffer.from(codecs[name].encode(schema, value));
      const decoded = codecs[name].decode(schema, bytes, "lenient");
      bytes.fill(0xee);
      expect(decoded).toMatchObject({ data: Uint8Array.of(1, 2, 3), chunks: [Uint8Array.of(4)] });
    }
  });

  test("an unknown enum name is noted", () => {
    const notes = { unknownEnumName: false };
    codecs.json.decode(schema, new TextEncoder().encode('{"id":1,"color":"COLOR_RED"}'), "lenient", notes);
    expect(notes.unknownEnumName).toBe(false);
    codecs.json.decode(schema, new TextEncoder().encode('{"id":1,"color":"COLOR_NEW"}'), "lenient", notes);
    expect(notes.unknownEnumName).toBe(true);
  });
});

describe("depth", () => {
  function chain(levels: number): [schema: MessageType, value: object] {
    let schema: MessageType = {
      message: "deep.Leaf",
      fields: [{ name: "n", number: 1, presence: "implicit", type: "int32" }],
    };
    let value: object = { n: 1 };
    for (let level = 1; level < levels; level += 1) {
      schema = { message: "deep.Level", fields: [{ name: "next", number: 1, presence: "optional", type: schema }] };
      value = { next: value };
    }
    return [schema, value];
  }

  test.each(names)("%s writes and reads 32 levels, not 33", (name) => {
    const [schema, value] = chain(32);
    const bytes = codecs[name].encode(schema, value);
    expect(codecs[name].decode(schema, bytes, "strict")).toEqual(value);
    const [deeper, deepest] = chain(33);
    expect(thrown(() => codecs[name].encode(deeper, deepest))).toBe("E_DEPTH");
  });

  test("33 levels are refused on reading", () => {
    const [schema] = chain(33);
    let protobuf = "0801";
    for (let level = 1; level < 33; level += 1)
      protobuf = `0a${(protobuf.length / 2).toString(16).padStart(2, "0")}${protobuf}`;
    const msgpack = `${"81a46e657874".repeat(32)}81a16e01`;
    const json = `${'{"next":'.repeat(32)}{"n":1}${"}".repeat(32)}`;
    expect(thrown(() => codecs.protobuf.decode(schema, unhex(protobuf), "lenient"))).toBe("E_DEPTH");
    expect(thrown(() => codecs.msgpack.decode(schema, unhex(msgpack), "lenient"))).toBe("E_DEPTH");
    expect(thrown(() => codecs.json.decode(schema, new TextEncoder().encode(json), "lenient"))).toBe("E_DEPTH");
  });

  test("a text of a million brackets ends in E_DEPTH, not in a full stack", () => {
    const { schema } = entityRecord("user-by-name");
    const json = new TextEncoder().encode(`{"x":${"[".repeat(1_000_000)}`);
    expect(thrown(() => codecs.json.decode(schema, json, "lenient"))).toBe("E_DEPTH");
    const msgpack = new Uint8Array(1_000_000).fill(0x91);
    msgpack.set([0x81, 0xa1, 0x78]);
    expect(thrown(() => codecs.msgpack.decode(schema, msgpack, "lenient"))).toBe("E_DEPTH");
  });
});

test("a codec is found by the number in a frame", () => {
  for (const name of names) expect(codecById(codecs[name].id)).toBe(codecs[name]);
  expect(thrown(() => codecById(4))).toBe("E_PRIVATE");
  for (const id of [0, 5, 15]) expect(thrown(() => codecById(id))).toBe("E_CODEC");
});
