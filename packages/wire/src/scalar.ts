import { fitInteger, isBigint, isIntegerKind } from "./integer.ts";
import { describe, refuseEncode } from "./refusal.ts";
import type { PlannedField } from "./schema-plan.ts";
import { MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS } from "./timestamp.ts";
import { isWellFormed } from "./utf8.ts";

/** What a scalar or enum field holds after its check: the TypeScript type that its schema gives it. */
export type Scalar = number | bigint | boolean | string | Uint8Array;

const EMPTY = new Uint8Array(0);

/** The value of an implicit field that is absent. */
export function defaultScalar(field: PlannedField): Scalar {
  switch (field.kind) {
    case "string":
      return "";
    case "bool":
      return false;
    case "bytes":
      return EMPTY;
    default:
      return isBigint(field) ? 0n : 0;
  }
}

/** Whether Protobuf leaves an implicit field out: it equals the default. */
export function isDefaultScalar(value: Scalar): boolean {
  return value instanceof Uint8Array
    ? value.length === 0
    : value === 0 || value === 0n || value === false || value === "";
}

/**
 * One scalar of a value that is to be written, checked and in its one form: -0 is 0, times are floored to ms.
 *
 * @throws {CachepactError} E_TYPE, E_RANGE, E_FLOAT, E_SURROGATE
 */
export function checkScalar(field: PlannedField, raw: unknown, path: string): Scalar {
  if (isIntegerKind(field.kind)) return checkInteger(field, raw, path);
  switch (field.kind) {
    case "string":
      if (typeof raw !== "string") return refuseType(path, "a string", raw);
      if (!isWellFormed(raw)) return refuseEncode("E_SURROGATE", path, "found half of a surrogate pair");
      return raw;
    case "bool":
      return typeof raw === "boolean" ? raw : refuseType(path, "a bool", raw);
    case "bytes":
      return raw instanceof Uint8Array ? raw : refuseType(path, "a Uint8Array", raw);
    case "double":
      return checkDouble(raw, path);
    default:
      return checkTimestamp(raw, path);
  }
}

function checkInteger(field: PlannedField, raw: unknown, path: string): number | bigint {
  if (isBigint(field)) {
    if (typeof raw !== "bigint") return refuseType(path, "a bigint", raw);
  } else {
    if (typeof raw !== "number") return refuseType(path, "an integer", raw);
    if (!Number.isInteger(raw))
      return refuseEncode("E_TYPE", path, "expected an integer, found a fraction or no number");
  }
  return fitInteger(field, raw) ?? refuseEncode("E_RANGE", path, `found an integer beyond ${rangeName(field)}`);
}

function rangeName(field: PlannedField): string {
  return field.asNumber ? `${field.kind} within +-(2^53-1)` : field.kind;
}

function checkDouble(raw: unknown, path: string): number {
  if (typeof raw !== "number") return refuseType(path, "a number", raw);
  if (!Number.isFinite(raw)) return refuseEncode("E_FLOAT", path, "found NaN or an infinity");
  return raw + 0;
}

function checkTimestamp(raw: unknown, path: string): number {
  if (typeof raw !== "number") return refuseType(path, "epoch ms as a number", raw);
  const ms = Math.floor(raw);
  // Written so that NaN fails too.
  if (!(ms >= MIN_TIMESTAMP_MS && ms <= MAX_TIMESTAMP_MS)) {
    return refuseEncode("E_RANGE", path, "found a time outside the years 1 to 9999");
  }
  return ms + 0;
}

function refuseType(path: string, expected: string, raw: unknown): never {
  return refuseEncode("E_TYPE", path, `expected ${expected}, found ${describe(raw)}`);
}
