import type { EntityRecord, Field, KeyParam, MessageType } from "../schema.ts";
import { propertyName } from "../schema-plan.ts";
import {
  decimalOf,
  hexOf,
  isMembers,
  join,
  LONG,
  messageOf,
  type Neutral,
  NeutralFormError,
  type NeutralMembers,
  nativeMessage,
  special,
} from "./neutral.ts";

/**
 * The value of this language that a neutral value stands for, ready for a codec.
 *
 * Members that are absent stay absent. A member that the schema does not have keeps its name, and `{"native": …}` is
 * taken as it stands: a codec must refuse them. So the result need not be a value of the schema.
 * @throws {NeutralFormError} on JSON that is no neutral value of the schema
 */
export function fromNeutral(schema: MessageType, neutral: Neutral): Record<string, unknown> {
  return message(schema, neutral, "") as Record<string, unknown>;
}

/**
 * The key object of this language from parameters in neutral form, by proto name.
 *
 * @throws {NeutralFormError}
 */
export function keyFromNeutral(record: EntityRecord, params: NeutralMembers): Record<string, unknown> {
  if (!isMembers(params)) throw new NeutralFormError("", "an object of parameters");
  const key: Record<string, unknown> = {};
  for (const [name, neutral] of Object.entries(params)) {
    const param = record.key.find((segment) => "param" in segment && segment.param === name) as KeyParam | undefined;
    key[propertyName(name)] =
      param === undefined
        ? neutral
        : single(param.type === "uuid" ? "string" : param.type, param.jstype, neutral, name);
  }
  return key;
}

function message(schema: MessageType, neutral: Neutral, path: string): unknown {
  const found = nativeMessage(schema, neutral);
  if (found !== undefined) return found.native;
  if (!isMembers(neutral)) throw new NeutralFormError(path, `an object of ${schema.message}'s members`);
  const value: Record<string, unknown> = {};
  for (const [name, element] of Object.entries(neutral)) {
    const field = schema.fields.find((each) => each.name === name);
    value[propertyName(name)] = field === undefined ? element : member(field, element, join(path, name));
  }
  return value;
}

function member(field: Field, neutral: Neutral, path: string): unknown {
  const { presence, type, jstype } = field;
  if (presence !== "repeated" && presence !== "map") return single(type, jstype, neutral, path);
  if (!Array.isArray(neutral)) {
    const found = special(neutral, path);
    if (found === undefined) throw new NeutralFormError(path, "an array");
    return found.native;
  }
  if (presence === "repeated") return neutral.map((element: Neutral) => single(type, jstype, element, path));
  // Without a prototype, so that `__proto__` is a key like any other.
  const map = Object.create(null) as Record<string, unknown>;
  for (const pair of neutral as readonly Neutral[]) {
    if (!Array.isArray(pair) || pair.length !== 2) throw new NeutralFormError(path, "pairs of key and value");
    const key: unknown = special(pair[0], path)?.native ?? pair[0];
    if (typeof key !== "string") throw new NeutralFormError(path, "keys that are text");
    if (Object.hasOwn(map, key)) throw new NeutralFormError(path, "each key once");
    map[key] = single(type, jstype, pair[1], path);
  }
  return map;
}

function single(type: Field["type"] | "enum", jstype: string | undefined, neutral: Neutral, path: string): unknown {
  const schema = type === "enum" ? undefined : messageOf(type);
  if (schema !== undefined) return message(schema, neutral, path);
  const found = special(neutral, path);
  if (found !== undefined) return found.native;
  if (LONG.has(type)) return jstype === "number" ? safe(decimalOf(neutral, path)) : BigInt(decimalOf(neutral, path));
  switch (type) {
    case "bytes":
      return hexOf(neutral, path);
    case "timestamp":
      return epochMs(neutral, path);
    case "string":
    case "enum":
      return primitive("string", neutral, path);
    case "bool":
      return primitive("boolean", neutral, path);
    default:
      return primitive("number", neutral, path);
  }
}

function safe(decimal: string): number {
  const value = Number(decimal);
  // Far out of range is out of range, not an infinity.
  return Number.isFinite(value) ? value : Math.sign(value) * Number.MAX_VALUE;
}

function primitive(type: "string" | "boolean" | "number", neutral: Neutral, path: string): Neutral {
  if (typeof neutral === type) return neutral;
  throw new NeutralFormError(path, `a ${type}, or { "native": … } for a value of a wrong type`);
}

function epochMs(neutral: Neutral, path: string): number {
  const [seconds, nanos] = Array.isArray(neutral) ? (neutral as readonly Neutral[]) : [];
  const whole = Number.isSafeInteger(seconds) && Number.isSafeInteger(nanos) && Number(nanos) >= 0;
  if (!whole || Number(nanos) > 999_999_999) throw new NeutralFormError(path, "[seconds, nanos]");
  const ms = Number(seconds) * 1000 + Math.floor(Number(nanos) / 1_000_000);
  const finer = ms + (Number(nanos) % 1_000_000) / 1_000_000;
  // Far from 1970 a number has no room for all nine digits. Rounding up would move the time into the next ms.
  return Math.floor(finer) === ms ? finer : ms;
}
