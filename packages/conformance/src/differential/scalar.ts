import type { EnumType, Field, KeyParam } from "@cachepact/wire";
import type { Neutral } from "@cachepact/wire/testing";
import fc from "fast-check";
import { neutralText } from "./text.ts";

const LONG: ReadonlySet<unknown> = new Set(["int64", "uint64", "sint64"]);

/** Whether the neutral form of the field's integers is text. */
export function isLong(type: Field["type"] | KeyParam["type"]): boolean {
  return LONG.has(type);
}

const SAFE = 2n ** 53n - 1n;

const RANGES: Readonly<Record<string, readonly [least: bigint, most: bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sint64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** The least and greatest integer of a field. */
export function rangeOf(field: Field): readonly [least: bigint, most: bigint] {
  const [least, most] = RANGES[typeof field.type === "string" ? field.type : "int32"] as readonly [bigint, bigint];
  return field.jstype === "number" ? [least < 0n ? -SAFE : 0n, SAFE] : [least, most];
}

/** Where an integer takes another form: of MessagePack 127, 255, 65535, 2^32; of varints 2^7, 2^14, …; of doubles 2^53. */
const EDGES = [
  0n,
  32n,
  127n,
  128n,
  255n,
  16_383n,
  32_767n,
  65_535n,
  2n ** 21n,
  2n ** 28n,
  2n ** 31n,
  2n ** 32n,
  2n ** 35n,
  2n ** 53n,
  2n ** 56n,
  2n ** 63n,
  2n ** 64n,
].flatMap((edge) => [edge - 1n, edge, edge + 1n, 1n - edge, -edge, -1n - edge]);

function integer(field: Field): fc.Arbitrary<Neutral> {
  const [least, most] = rangeOf(field);
  const edges = [...EDGES.filter((edge) => edge >= least && edge <= most), least, most];
  const any = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...edges) },
    { weight: 1, arbitrary: fc.bigInt(least, most) },
  );
  return isLong(field.type) ? any.map(String) : any.map(Number);
}

const EDGE_DOUBLES = [
  0,
  -0,
  1,
  -1,
  0.1,
  1.5,
  100,
  5e-324,
  -5e-324,
  2.225_073_858_507_201e-308,
  2.2250738585072014e-308,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.EPSILON,
  1 / 3,
  // Where ECMAScript changes between digits and exponents, and Python at other places.
  1e-5,
  1e-6,
  9.999e-7,
  1e-7,
  1e15,
  1e16,
  123_456_789_012_345_680,
  1e20,
  1e21,
  1.5e21,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 63),
  2 ** 64,
];

/** A double in neutral form: its bytes where JSON cannot tell it. */
export function neutralDouble(value: number): Neutral {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return { f64: bytes.toString("hex") };
}

const double: fc.Arbitrary<Neutral> = fc
  .oneof(
    { weight: 2, arbitrary: fc.constantFrom(...EDGE_DOUBLES) },
    { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.integer(), fc.integer({ min: -30, max: 30 })).map(([a, b]) => Number(`${a}e${b}`)),
    },
  )
  .map(neutralDouble);

/** Years 1 and 9999 at their ends, the epoch from both sides, and where MessagePack's extension grows: 2^32, 2^34. */
const EDGE_SECONDS = [
  -62_135_596_800,
  -1,
  0,
  1,
  1_700_000_000,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 34 - 1,
  2 ** 34,
  253_402_300_799,
];

const timestamp: fc.Arbitrary<Neutral> = fc.tuple(
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...EDGE_SECONDS) },
    { weight: 1, arbitrary: fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }) },
  ),
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(0, 1_000_000, 100_000_000, 120_000_000, 999_000_000) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 999 }).map((ms) => ms * 1_000_000) },
    // Finer than a ms, to be floored. A quarter of a ms is what TypeScript's epoch ms still hold exactly.
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3_999 }).map((quarters) => quarters * 250_000) },
  ),
);

const bytes: fc.Arbitrary<Neutral> = fc
  .oneof(
    { weight: 8, arbitrary: fc.uint8Array({ maxLength: 8 }) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(15, 16, 31, 32, 127, 128, 255, 256).map((length) => new Uint8Array(length)),
    },
  )
  .map((value) => Buffer.from(value).toString("hex"));

function enumNumber(type: EnumType): fc.Arbitrary<Neutral> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...Object.values(type.values)) },
    { weight: 1, arbitrary: fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 128, -1, 77) },
  );
}

/** A scalar or an enum's number in neutral form. */
export function neutralScalar(field: Field): fc.Arbitrary<Neutral> {
  if (typeof field.type === "object") return enumNumber(field.type as EnumType);
  switch (field.type) {
    case "bool":
      return fc.boolean();
    case "string":
      return neutralText;
    case "bytes":
      return bytes;
    case "double":
      return double;
    case "timestamp":
      return timestamp;
    default:
      return integer(field);
  }
}
