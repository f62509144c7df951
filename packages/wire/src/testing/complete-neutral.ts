import type { Field, MessageType } from "../schema.ts";
import {
  isMembers,
  LONG,
  messageOf,
  type Neutral,
  NeutralFormError,
  type NeutralMembers,
  nativeMessage,
  neutralDouble,
  neutralText,
  sortedPairs,
  special,
} from "./neutral.ts";

const ZERO: Readonly<Record<string, Neutral>> = { bool: false, string: "", bytes: "" };

/** What stands for a field that a value leaves out; undefined = it stays absent. */
export function zero({ presence, type }: Field): Neutral | undefined {
  if (presence === "repeated" || presence === "map") return [];
  if (presence === "optional") return undefined;
  if (LONG.has(type)) return "0";
  return (typeof type === "string" ? ZERO[type] : undefined) ?? 0;
}

/**
 * The complete neutral form, the one that `toNeutral` gives: what `neutral` leaves out at its default, pairs of maps
 * sorted, long text written out, doubles as numbers. Two neutral values are equal when their complete forms are.
 *
 * Made of the JSON alone, so that it judges `fromNeutral`, `toNeutral` and every testee.
 * @throws {NeutralFormError}
 */
export function completeNeutral(schema: MessageType, neutral: Neutral): NeutralMembers {
  if (!isMembers(neutral) || nativeMessage(schema, neutral) !== undefined) {
    throw new NeutralFormError("", `an object of ${schema.message}'s members`);
  }
  const members: Record<string, Neutral> = {};
  for (const name of Object.keys(neutral)) {
    // An unknown member is kept: a reply that holds one must not equal a value that does not.
    if (!schema.fields.some((field) => field.name === name)) members[name] = neutral[name] as Neutral;
  }
  for (const field of schema.fields) {
    const found = Object.hasOwn(neutral, field.name) ? neutral[field.name] : undefined;
    const full = found === undefined ? zero(field) : member(field, found);
    if (full !== undefined) members[field.name] = full;
  }
  return members;
}

function member(field: Field, neutral: Neutral): Neutral {
  if (field.presence === "repeated" && Array.isArray(neutral)) {
    return neutral.map((element: Neutral) => single(field, element));
  }
  if (field.presence === "map" && Array.isArray(neutral)) {
    const pairs = (neutral as readonly Neutral[]).map((pair) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw new NeutralFormError(field.name, "pairs of key and value");
      const key: unknown = special(pair[0], field.name)?.native ?? pair[0];
      if (typeof key !== "string") throw new NeutralFormError(field.name, "keys that are text");
      return [key, single(field, pair[1])] as const;
    });
    return sortedPairs(pairs).map(([key, element]) => [neutralText(key), element]);
  }
  return single(field, neutral);
}

function single({ type, name }: Field, neutral: Neutral): Neutral {
  const schema = messageOf(type);
  if (schema !== undefined) return completeNeutral(schema, neutral);
  const found = special(neutral, name);
  const plain = found === undefined ? neutral : (found.native as Neutral);
  if (type === "double" && typeof plain === "number") return neutralDouble(plain);
  return type === "string" && typeof plain === "string" ? neutralText(plain) : plain;
}
