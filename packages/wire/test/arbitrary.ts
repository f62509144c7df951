import type { EnumType, Field, FieldType, MessageType, ScalarType } from "@cachepact/wire";
import fc from "fast-check";
import { propertyName } from "../src/schema-plan.ts";

/** A random schema and values of it, biased to the edges at which encodings change. */

const COLOR: EnumType = { enum: "random.Color", values: { COLOR_UNSPECIFIED: 0, COLOR_RED: 1, COLOR_FAR: -3 } };

const scalarTypes: readonly ScalarType[] = [
  "int32",
  "uint32",
  "sint32",
  "int64",
  "uint64",
  "sint64",
  "bool",
  "string",
  "bytes",
  "double",
  "timestamp",
];

const LONG: ReadonlySet<FieldType> = new Set(["int64", "uint64", "sint64"]);

function fieldArbitrary(number: number, name: string, depth: number): fc.Arbitrary<Field> {
  const types: fc.Arbitrary<FieldType>[] = [fc.constantFrom<FieldType>(...scalarTypes, COLOR)];
  if (depth > 0) types.push(schemaArbitrary(depth - 1));
  return fc
    .record({
      type: fc.oneof({ arbitrary: types[0] as fc.Arbitrary<FieldType>, weight: 5 }, ...types.slice(1)),
      presence: fc.constantFrom<Field["presence"]>("implicit", "optional", "repeated", "map"),
      asNumber: fc.boolean(),
      required: fc.integer({ min: 0, max: 5 }),
    })
    .map(({ type, presence, asNumber, required }) => {
      const single = (typeof type === "object" && "fields" in type) || type === "timestamp";
      return {
        name,
        number,
        presence: single && presence === "implicit" ? "optional" : presence,
        type,
        ...(asNumber && LONG.has(type) ? { jstype: "number" as const } : {}),
        ...(required === 0 ? { required: true as const } : {}),
      };
    });
}

/** Names in an order of their own, one that every object inherits among them. */
const NAMES = ["zeta", "a", "value_of", "constructor", "name_2", "created_at", "b_c_d", "_x", "m"];
const NUMBERS = [1, 2, 15, 16, 17, 2047, 2048, 100_000, 536_870_911];

export function schemaArbitrary(depth = 2): fc.Arbitrary<MessageType> {
  return fc
    .shuffledSubarray(NAMES, { minLength: 1, maxLength: 6 })
    .chain((names) => fc.tuple(...names.map((name, index) => fieldArbitrary(NUMBERS[index] as number, name, depth))))
    .map((fields) => ({ message: "random.Message", fields }));
}

/** Well-formed text with the characters at which orders, escapes and lengths differ. */
export const textArbitrary: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(
    "",
    "__proto__",
    "constructor",
    "10",
    "9",
    "\u{1F600}",
    "\uFB33",
    "\uE000",
    "\uD7FF",
    "\u2028",
    "\uFEFF",
    "é",
  ),
  fc.integer({ min: 0, max: 40 }).map((length) => "x".repeat(length)),
  fc.constantFrom(255, 256).map((length) => "x".repeat(length)),
);

function around(...edges: readonly bigint[]): fc.Arbitrary<bigint> {
  return fc.constantFrom(...edges.flatMap((edge) => [edge - 1n, edge, edge + 1n]));
}

const EDGES = [0n, 31n, 127n, 128n, 255n, 32767n, 65535n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n];

function integer(least: bigint, most: bigint): fc.Arbitrary<bigint> {
  const edges = [...EDGES, ...EDGES.map((edge) => -edge), least, most];
  return fc.oneof(
    fc.bigInt(least, most),
    around(...edges).map((value) => (value < least ? least : value > most ? most : value)),
  );
}

const SAFE = 2n ** 53n - 1n;

const ranges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sint64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

export function scalarArbitrary(type: FieldType, asNumber: boolean): fc.Arbitrary<unknown> {
  if (typeof type === "object") return fc.oneof(fc.constantFrom(0, 1, -3), fc.integer());
  switch (type) {
    case "bool":
      return fc.boolean();
    case "string":
      return textArbitrary;
    case "bytes":
      return fc.uint8Array({ maxLength: 40 });
    case "double":
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    case "timestamp":
      return fc.oneof(
        fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
        fc.constantFrom(0, -1, 2 ** 32 * 1000, 2 ** 34 * 1000, 2 ** 34 * 1000 - 1, -62_135_596_800_000),
      );
    default: {
      const [least, most] = ranges[type] as readonly [bigint, bigint];
      if (!LONG.has(type)) return integer(least, most).map(Number);
      return asNumber ? integer(least < 0n ? -SAFE : 0n, SAFE).map(Number) : integer(least, most);
    }
  }
}

function oneArbitrary(field: Field): fc.Arbitrary<unknown> {
  return typeof field.type === "object" && "fields" in field.type
    ? valueArbitrary(field.type)
    : scalarArbitrary(field.type, field.jstype === "number");
}

/** A value as a decoder gives it: implicit fields, lists and maps present, maps without a prototype. */
export function valueArbitrary(schema: MessageType): fc.Arbitrary<Record<string, unknown>> {
  const members = schema.fields.map((field): fc.Arbitrary<readonly [string, unknown]> => {
    const one = oneArbitrary(field);
    const named = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<readonly [string, Value]> =>
      arbitrary.map((value) => [propertyName(field.name), value] as const);
    switch (field.presence) {
      case "implicit":
        return named(one);
      case "optional":
        return named(field.required === true ? one : fc.option(one, { nil: undefined }));
      case "repeated":
        return named(fc.array(one, { maxLength: 17 }));
      default:
        return named(
          fc.uniqueArray(fc.tuple(textArbitrary, one), { maxLength: 5, selector: ([key]) => key }).map((entries) => {
            const map = Object.create(null) as Record<string, unknown>;
            for (const [key, value] of entries) map[key] = value;
            return map;
          }),
        );
    }
  });
  return fc.tuple(...members).map((entries) => Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
}

/** A schema with a value of it. */
export const schemaWithValue: fc.Arbitrary<readonly [MessageType, Record<string, unknown>]> = schemaArbitrary().chain(
  (schema) => valueArbitrary(schema).map((value) => [schema, value] as const),
);
