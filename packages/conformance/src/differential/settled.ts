import type { Field, MessageType } from "@cachepact/wire";
import type { Neutral, NeutralMembers } from "@cachepact/wire/testing";
import { isLong } from "./scalar.ts";
import { isMessage } from "./value.ts";

/** The greatest depth of records, lists and maps; the root record is level 1 (SPEC 1). */
const MAX_DEPTH = 32;

/**
 * What a decoder gives for a value, as text that two of them can be compared by: what is left out at its default, times
 * floored to ms, -0 as 0, doubles as their bytes, the entries of maps in one order.
 */
export function settled(schema: MessageType, value: NeutralMembers): string {
  return JSON.stringify(settleRecord(schema, value));
}

function settleRecord(schema: MessageType, value: NeutralMembers): readonly unknown[] {
  return schema.fields.map((field) => {
    const found = Object.hasOwn(value, field.name) ? value[field.name] : undefined;
    if (found !== undefined) return settleMember(field, found);
    if (field.presence === "optional") return null;
    return field.presence === "implicit" ? settleOne(field, zero(field)) : [];
  });
}

function settleMember(field: Field, value: Neutral): unknown {
  if (field.presence === "repeated") return (value as readonly Neutral[]).map((each) => settleOne(field, each));
  if (field.presence !== "map") return settleOne(field, value);
  const entries = (value as readonly (readonly [Neutral, Neutral])[]).map(
    ([key, each]) => [textOf(key), settleOne(field, each)] as const,
  );
  return entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function settleOne(field: Field, value: Neutral): unknown {
  if (isMessage(field.type)) return settleRecord(field.type, value as NeutralMembers);
  if (field.type === "double") return doubleBytes(value);
  if (field.type === "string") return textOf(value);
  if (field.type !== "timestamp") return value;
  const [seconds, nanos] = value as readonly [number, number];
  return [seconds, Math.floor(nanos / 1_000_000)];
}

function textOf(value: Neutral): string {
  if (typeof value === "string") return value;
  const { repeat, times } = value as { readonly repeat: string; readonly times: number };
  return repeat.repeat(times);
}

function doubleBytes(value: Neutral): string {
  const bytes = Buffer.alloc(8);
  if (typeof value === "number") bytes.writeDoubleBE(value + 0);
  else {
    const given = Buffer.from((value as { readonly f64: string }).f64, "hex");
    bytes.writeDoubleBE(given.readDoubleBE() + 0);
  }
  return bytes.toString("hex");
}

function zero(field: Field): Neutral {
  if (isLong(field.type)) return "0";
  switch (field.type) {
    case "bool":
      return false;
    case "string":
    case "bytes":
      return "";
    case "timestamp":
      return [0, 0];
    default:
      return 0;
  }
}

/** Whether a value lies deeper than any codec writes. A list or map counts also when it is empty or left out. */
export function tooDeep(schema: MessageType, value: NeutralMembers, level = 1): boolean {
  if (level > MAX_DEPTH) return true;
  return schema.fields.some((field) => {
    const collection = field.presence === "repeated" || field.presence === "map";
    if (collection && level + 1 > MAX_DEPTH) return true;
    const { type } = field;
    const found = value[field.name];
    if (found === undefined || !isMessage(type)) return false;
    if (!collection) return tooDeep(type, found as NeutralMembers, level + 1);
    // In the place of a list may stand a value of a wrong type, which is never deep.
    const elements = Array.isArray(found) ? (found as readonly Neutral[]) : [];
    const records = field.presence === "map" ? elements.map((pair) => (pair as readonly Neutral[])[1]) : elements;
    return records.some((each) => tooDeep(type, each as NeutralMembers, level + 2));
  });
}
