import { createHash } from "node:crypto";
import { CachepactError } from "./errors.ts";
import { type ErrorCode, errors } from "./gen/errors.ts";
import { fitInteger, type IntegerType, isBigint, isIntegerKind } from "./integer.ts";
import { describe } from "./refusal.ts";
import type { KeyParam } from "./schema.ts";
import { propertyName } from "./schema-plan.ts";
import { encodeUtf8, isWellFormed } from "./utf8.ts";

/** The property of a key object that holds the parameter. */
export function paramProperty(param: KeyParam): string {
  return propertyName(param.param);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function refuse(code: ErrorCode, param: KeyParam, found: string): never {
  throw new CachepactError(code, `build a key, parameter ${param.param}: ${found}; ${errors[code].remedy}`, {
    field: param.param,
  });
}

function refuseType(param: KeyParam, expected: string, raw: unknown): never {
  if (raw === undefined) return refuse("E_MISSING", param, "found no value");
  return refuse("E_TYPE", param, `expected ${expected}, found ${describe(raw)}`);
}

/**
 * One parameter as it stands in a key.
 *
 * @throws {CachepactError} E_MISSING, E_TYPE, E_RANGE, E_EMPTY, E_SURROGATE, E_TOO_LONG
 */
export function encodeParam(param: KeyParam, raw: unknown): string {
  if (isIntegerKind(param.type) && param.type !== "enum") return encodeInteger(param, raw);
  switch (param.type) {
    case "bool":
      return typeof raw === "boolean" ? String(raw) : refuseType(param, "a bool", raw);
    case "uuid":
      return typeof raw === "string" && UUID.test(raw) ? raw.toLowerCase() : refuseType(param, "a UUID", raw);
    case "enum":
      if (typeof raw !== "string") return refuseType(param, "a string", raw);
      if (!param.values?.includes(raw)) return refuse("E_TYPE", param, "found a string that is none of its values");
      return raw;
    case "bytes":
      return encodeBytes(param, raw);
    default:
      return encodeString(param, raw);
  }
}

function integerType(param: KeyParam): IntegerType {
  return { kind: param.type as IntegerType["kind"], asNumber: param.jstype === "number" };
}

/** Text is refused for integers: "042" and "42" would name one row by two keys. */
function encodeInteger(param: KeyParam, raw: unknown): string {
  const type = integerType(param);
  if (isBigint(type) ? typeof raw !== "bigint" : !Number.isInteger(raw)) {
    return refuseType(param, isBigint(type) ? "a bigint" : "an integer", raw);
  }
  const value = fitInteger(type, raw as number | bigint);
  return value === undefined ? refuse("E_RANGE", param, "found an integer outside its range") : String(value);
}

function encodeBytes(param: KeyParam, raw: unknown): string {
  if (!(raw instanceof Uint8Array)) return refuseType(param, "a Uint8Array", raw);
  if (raw.length === 0) return refuse("E_EMPTY", param, "found no bytes");
  if (raw.length > param.max_bytes)
    return refuse("E_TOO_LONG", param, `found ${raw.length} bytes of ${param.max_bytes}`);
  return Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString("base64url");
}

function encodeString(param: KeyParam, raw: unknown): string {
  if (typeof raw !== "string") return refuseType(param, "a string", raw);
  if (raw === "") return refuse("E_EMPTY", param, "found an empty string");
  if (!isWellFormed(raw)) return refuse("E_SURROGATE", param, "found half of a surrogate pair");
  // A digest has one length, whatever it is made of: the limit is for text that enters the key itself.
  if (param.transforms.includes("sha256")) return createHash("sha256").update(raw).digest("hex").slice(0, 32);
  const bytes = encodeUtf8(raw).length;
  if (bytes > param.max_bytes) return refuse("E_TOO_LONG", param, `found ${bytes} bytes of ${param.max_bytes}`);
  return percentEncode(raw);
}

/** RFC 3986: all but the unreserved characters, upper-case hex. encodeURIComponent leaves five more as they are. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * A parameter's value from its text in a key; undefined when the text cannot be one.
 *
 * The caller encodes the result again and compares: only canonical text is a key.
 */
export function decodeParam(param: KeyParam, text: string): unknown {
  if (param.transforms.includes("sha256")) return undefined;
  if (isIntegerKind(param.type) && param.type !== "enum") {
    if (!/^-?[0-9]{1,20}$/.test(text)) return undefined;
    return fitInteger(integerType(param), BigInt(text));
  }
  switch (param.type) {
    case "bool":
      return text === "true" || (text === "false" ? false : undefined);
    case "bytes":
      return new Uint8Array(Buffer.from(text, "base64url"));
    case "string":
      try {
        return decodeURIComponent(text);
      } catch {
        return undefined;
      }
    default:
      return text;
  }
}
