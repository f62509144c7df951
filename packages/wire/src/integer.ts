import type { PlannedField } from "./schema-plan.ts";

/** The integer kinds; an enum is an int32. */
type IntegerKind = "int32" | "uint32" | "sint32" | "int64" | "uint64" | "sint64" | "enum";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

const ranges: Readonly<Record<IntegerKind, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  enum: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [INT64_MIN, INT64_MAX],
  sint64: [INT64_MIN, INT64_MAX],
  uint64: [0n, UINT64_MAX],
};

/** The same for numbers. A bound that no double holds is rounded outwards, where no safe integer lies. */
const numberRanges: ReadonlyMap<string, readonly [number, number]> = new Map(
  Object.entries(ranges).map(([kind, [least, most]]) => [kind, [Number(least), Number(most)]]),
);

const integerKinds: ReadonlySet<string> = new Set(Object.keys(ranges));
const longKinds: ReadonlySet<string> = new Set(["int64", "uint64", "sint64"]);

export function isIntegerKind(kind: string): kind is IntegerKind {
  return integerKinds.has(kind);
}

export function isLongKind(kind: string): boolean {
  return longKinds.has(kind);
}

/** The parts of a field or key parameter that decide which integers it holds, and as which TypeScript type. */
export type IntegerType = Pick<PlannedField, "kind" | "asNumber">;

/** Whether the TypeScript type is bigint: 64 bits, unless the field says `jstype = JS_NUMBER`. */
export function isBigint(type: IntegerType): boolean {
  return longKinds.has(type.kind) && !type.asNumber;
}

/**
 * An integer as the TypeScript type of its field, or undefined when it is out of range.
 *
 * A number must be integral; one beyond +-(2^53-1) is out of range, because it may stand for another integer.
 * JS_NUMBER limits a 64-bit field to +-(2^53-1) in every language.
 */
export function fitInteger(type: IntegerType, value: number | bigint): number | bigint | undefined {
  if (typeof value === "number") {
    const [lowest, highest] = numberRanges.get(type.kind) as readonly [number, number];
    if (!Number.isSafeInteger(value) || value < lowest || value > highest) return undefined;
    // `+ 0` turns -0 into 0.
    return isBigint(type) ? BigInt(value) : value + 0;
  }
  const [least, most] = ranges[type.kind as IntegerKind];
  if (value < least || value > most) return undefined;
  if (isBigint(type)) return value;
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : undefined;
}
