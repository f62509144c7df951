import type { EntityRecord, Field, KeyParam, MessageType } from "../schema.ts";
import { propertyName } from "../schema-plan.ts";
import { zero } from "./complete-neutral.ts";
import {
  join,
  LONG,
  messageOf,
  type Neutral,
  NeutralFormError,
  type NeutralMembers,
  neutralDouble,
  neutralText,
  sortedPairs,
  toHex,
} from "./neutral.ts";

/**
 * The neutral form of a value, complete: implicit fields, lists and maps that the value leaves out at their defaults,
 * the pairs of maps sorted. Equal values give equal forms.
 *
 * @throws {NeutralFormError} when the value is none of the schema: a decoder that gave it is broken
 */
export function toNeutral(schema: MessageType, value: object): NeutralMembers {
  return message(schema, value, "");
}

/**
 * The parameters of a key object in neutral form; those that it leaves out are left out.
 *
 * @throws {NeutralFormError}
 */
export function keyToNeutral(record: EntityRecord, key: object): NeutralMembers {
  const params: Record<string, Neutral> = {};
  for (const segment of record.key) {
    if (!("param" in segment)) continue;
    const property = propertyName(segment.param);
    const raw = Object.hasOwn(key, property) ? (key as Readonly<Record<string, unknown>>)[property] : undefined;
    if (raw !== undefined) params[segment.param] = single(kindOf(segment), segment.jstype, raw, segment.param);
  }
  return params;
}

function kindOf(param: KeyParam): Field["type"] {
  return param.type === "uuid" || param.type === "enum" ? "string" : param.type;
}

function message(schema: MessageType, raw: unknown, path: string): NeutralMembers {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw) || raw instanceof Uint8Array) {
    throw new NeutralFormError(path, `a value of ${schema.message}`);
  }
  const known = new Set(schema.fields.map(({ name }) => propertyName(name)));
  if (Object.keys(raw).some((property) => !known.has(property))) {
    throw new NeutralFormError(path, `no other properties than those of ${schema.message}`);
  }
  const members: Record<string, Neutral> = {};
  for (const field of schema.fields) {
    const property = propertyName(field.name);
    const element = Object.hasOwn(raw, property) ? (raw as Readonly<Record<string, unknown>>)[property] : undefined;
    const neutral = element === undefined ? zero(field) : member(field, element, join(path, field.name));
    if (neutral !== undefined) members[field.name] = neutral;
  }
  return members;
}

function member(field: Field, raw: unknown, path: string): Neutral {
  const one = (element: unknown): Neutral => single(field.type, field.jstype, element, path);
  if (field.presence === "repeated") {
    if (!Array.isArray(raw)) throw new NeutralFormError(path, "an array");
    return Array.from(raw as readonly unknown[], one);
  }
  if (field.presence !== "map") return one(raw);
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw new NeutralFormError(path, "a map");
  return sortedPairs(Object.entries(raw)).map(([key, element]) => [neutralText(key), one(element)]);
}

function single(type: Field["type"], jstype: string | undefined, raw: unknown, path: string): Neutral {
  const schema = messageOf(type);
  if (schema !== undefined) return message(schema, raw, path);
  if (LONG.has(type)) return long(jstype, raw, path);
  switch (type) {
    case "bytes":
      if (raw instanceof Uint8Array) return toHex(raw);
      break;
    case "string":
      if (typeof raw === "string") return neutralText(raw);
      break;
    case "bool":
      if (typeof raw === "boolean") return raw;
      break;
    case "double":
      if (typeof raw === "number") return neutralDouble(raw);
      break;
    case "timestamp":
      if (Number.isFinite(raw)) return secondsAndNanos(raw as number);
      break;
    default:
      if (Number.isInteger(raw)) return raw as number;
  }
  throw new NeutralFormError(path, `a value of ${typeof type === "string" ? type : "its enum"}`);
}

function long(jstype: string | undefined, raw: unknown, path: string): Neutral {
  const fits = jstype === "number" ? Number.isInteger(raw) : typeof raw === "bigint";
  if (!fits) throw new NeutralFormError(path, jstype === "number" ? "an integral number" : "a bigint");
  // -0 is 0; a number beyond 2^53 would be written with an exponent.
  return BigInt(raw as number | bigint).toString();
}

function secondsAndNanos(ms: number): Neutral {
  const seconds = Math.floor(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1_000_000);
  return nanos === 1_000_000_000 ? [seconds + 1, 0] : [seconds, nanos];
}
