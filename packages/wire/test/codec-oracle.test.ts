import { codecs, type Field, type MessageType, propertyName } from "@cachepact/wire";
import { decode as decodeMsgpack } from "@msgpack/msgpack";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { Packr } from "msgpackr";
import protobufjs from "protobufjs";
import { describe, expect, test } from "vitest";
import { schemaWithValue } from "./arbitrary.ts";
import { hex } from "./fixture.ts";

type Value = Readonly<Record<string, unknown>>;

const LONG = new Set<unknown>(["int64", "uint64", "sint64"]);

function isMessage(type: Field["type"]): type is MessageType {
  return typeof type === "object" && "fields" in type;
}

/** A value in another library's form, by proto name; `one` converts a scalar. */
function convert(
  schema: MessageType,
  value: Value,
  one: (field: Field, scalar: unknown) => unknown,
  record: (entries: readonly (readonly [string, unknown])[]) => unknown,
): unknown {
  const each = (field: Field, element: unknown): unknown =>
    isMessage(field.type) ? convert(field.type, element as Value, one, record) : one(field, element);
  const entries = schema.fields.flatMap((field): (readonly [string, unknown])[] => {
    const property = propertyName(field.name);
    if (!Object.hasOwn(value, property)) return [];
    const member = value[property];
    if (field.presence === "repeated") {
      return [[field.name, (member as unknown[]).map((element) => each(field, element))]];
    }
    if (field.presence !== "map") return [[field.name, each(field, member)]];
    const map = Object.entries(member as Value).map(([key, element]) => [key, each(field, element)] as const);
    return [[field.name, record(map)]];
  });
  return record(entries);
}

function plainRecord(entries: readonly (readonly [string, unknown])[]): unknown {
  const object = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of entries) object[name] = value;
  return object;
}

function jsonScalar(field: Field, scalar: unknown): unknown {
  if (typeof scalar === "bigint") return String(scalar);
  if (scalar instanceof Uint8Array) return Buffer.from(scalar).toString("base64");
  if (field.type === "timestamp") return new Date(scalar as number).toISOString().replace(".000Z", "Z");
  if (typeof field.type === "object" && "enum" in field.type) {
    return Object.entries(field.type.values).find(([, number]) => number === scalar)?.[0] ?? scalar;
  }
  return scalar;
}

describe("JSON against canonicalize (RFC 8785)", () => {
  test("any value gives the same text", () => {
    fc.assert(
      fc.property(schemaWithValue, ([schema, value]) => {
        const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(codecs.json.encode(schema, value));
        expect(text).toBe(canonicalize(convert(schema, value, jsonScalar, plainRecord)));
      }),
      { numRuns: 300 },
    );
  });

  test("JSON.parse reads the same value", () => {
    fc.assert(
      fc.property(schemaWithValue, ([schema, value]) => {
        const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(codecs.json.encode(schema, value));
        const expected = JSON.stringify(convert(schema, value, jsonScalar, plainRecord));
        expect(JSON.parse(text)).toEqual(JSON.parse(expected));
      }),
      { numRuns: 200 },
    );
  });
});

// Sorted by UTF-8, as Buffer compares.
const byBytes = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

describe("MessagePack against two libraries", () => {
  test("@msgpack/msgpack reads the same value", () => {
    fc.assert(
      fc.property(schemaWithValue, ([schema, value]) => {
        const bytes = codecs.msgpack.encode(schema, value);
        // The library refuses the key __proto__, so such values are left to the other tests.
        fc.pre(!hex(bytes).includes(hex(Buffer.from("__proto__"))));
        const scalar = (field: Field, found: unknown): unknown => {
          if (field.type === "timestamp") return new Date(found as number);
          // With this option every 64-bit form reads as a bigint.
          return LONG.has(field.type) && (found as number) >= -0x8000_0000 && (found as number) <= 0xffff_ffff
            ? Number(found)
            : LONG.has(field.type)
              ? BigInt(found as number)
              : found;
        };
        const plain = (entries: readonly (readonly [string, unknown])[]): unknown => Object.fromEntries(entries);
        expect(decodeMsgpack(bytes, { useBigInt64: true })).toEqual(convert(schema, value, scalar, plain));
      }),
      { numRuns: 300 },
    );
  });

  test("msgpackr writes the same bytes, where it can hold the value", () => {
    const packr = new Packr({ useRecords: false, variableMapSize: true });
    let compared = 0;
    fc.assert(
      fc.property(schemaWithValue, ([schema, value]) => {
        let able = true;
        const scalar = (field: Field, found: unknown): unknown => {
          // From 2^32 up it writes a float64, an integral double it writes as an integer, and times in its own way.
          if (field.type === "timestamp") able = false;
          if (field.type === "double") able &&= !Number.isInteger(found);
          if (!LONG.has(field.type)) return found;
          able &&= (found as number) >= -0x8000_0000 && (found as number) <= 0xffff_ffff;
          return Number(found);
        };
        const sorted = (entries: readonly (readonly [string, unknown])[]): unknown =>
          new Map(entries.toSorted(byBytes));
        const converted = convert(schema, value, scalar, sorted);
        fc.pre(able);
        compared += 1;
        expect(hex(codecs.msgpack.encode(schema, value))).toBe(hex(packr.pack(converted)));
      }),
      { numRuns: 200 },
    );
    expect(compared).toBe(200);
  });
});

/** protobufjs' reflection of a schema. */
function reflect(schema: MessageType): protobufjs.Type {
  let next = 0;
  const root = new protobufjs.Root();
  const build = (message: MessageType): protobufjs.Type => {
    next += 1;
    const type = new protobufjs.Type(`M${next}`);
    root.add(type);
    for (const field of message.fields) {
      const name = typeName(field.type);
      if (field.presence === "map") type.add(new protobufjs.MapField(field.name, field.number, "string", name));
      else
        type.add(
          new protobufjs.Field(field.name, field.number, name, field.presence === "repeated" ? "repeated" : undefined),
        );
    }
    return type;
  };
  const typeName = (type: Field["type"]): string => {
    if (type === "timestamp") {
      if (root.get("Time") === null) {
        const time = new protobufjs.Type("Time");
        time.add(new protobufjs.Field("seconds", 1, "int64")).add(new protobufjs.Field("nanos", 2, "int32"));
        root.add(time);
      }
      return "Time";
    }
    if (isMessage(type)) return build(type).name;
    return typeof type === "string" ? type : "int32";
  };
  return build(schema);
}

describe("Protobuf against protobufjs' reflection", () => {
  const scalar = (field: Field, found: unknown): unknown => {
    if (LONG.has(field.type)) return String(found);
    if (field.type === "bytes") return [...(found as Uint8Array)];
    if (field.type !== "timestamp") return found;
    const seconds = Math.floor((found as number) / 1000);
    return { seconds: String(seconds), nanos: ((found as number) - seconds * 1000) * 1_000_000 };
  };

  /** Names that reflection turns into properties of its own, or keys that it cannot hold. */
  function tellable(schema: MessageType): boolean {
    return schema.fields.every(
      (field) => !["constructor", "_x"].includes(field.name) && (!isMessage(field.type) || tellable(field.type)),
    );
  }

  const cases = schemaWithValue.filter(
    ([schema, value]) =>
      tellable(schema) && !hex(codecs.msgpack.encode(schema, value)).includes(hex(Buffer.from("__proto__"))),
  );

  test("it reads the same value", () => {
    fc.assert(
      fc.property(cases, ([schema, value]) => {
        const type = reflect(schema);
        const read = type.decode(codecs.protobuf.encode(schema, value));
        const found = type.toObject(read, { longs: String, bytes: Array, defaults: true, arrays: true, objects: true });
        const expected = convert(schema, value, scalar, (entries) => Object.fromEntries(entries)) as Value;
        // Of an absent optional field it gives the default, so its answer may hold more.
        expect(found).toMatchObject(expected);
      }),
      { numRuns: 200 },
    );
  });

  test("what it writes is read as the same value", () => {
    fc.assert(
      fc.property(cases, ([schema, value]) => {
        const type = reflect(schema);
        const object = convert(schema, value, scalar, (entries) => Object.fromEntries(entries)) as Value;
        const bytes = type.encode(type.fromObject({ ...object })).finish();
        expect(codecs.protobuf.decode(schema, bytes, "lenient")).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });
});
