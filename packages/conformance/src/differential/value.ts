import type { EntityRecord, Field, MessageType } from "@cachepact/wire";
import type { Neutral, NeutralMembers } from "@cachepact/wire/testing";
import fc from "fast-check";
import { neutralScalar } from "./scalar.ts";
import { neutralKeys } from "./text.ts";

export function isMessage(type: Field["type"]): type is MessageType {
  return typeof type === "object" && "fields" in type;
}

function one(field: Field): fc.Arbitrary<Neutral> {
  return isMessage(field.type) ? neutralValue(field.type) : neutralScalar(field);
}

function member(field: Field): fc.Arbitrary<Neutral> {
  switch (field.presence) {
    case "repeated":
      return fc.oneof(
        { weight: 8, arbitrary: fc.array(one(field), { maxLength: 3 }) },
        // Where the count takes another form; with messages this would be much for one value.
        { weight: isMessage(field.type) ? 0 : 1, arbitrary: fc.array(one(field), { minLength: 15, maxLength: 17 }) },
      );
    case "map":
      return neutralKeys.chain((keys) => fc.tuple(...keys.map((key) => fc.tuple(fc.constant(key), one(field)))));
    default:
      return one(field);
  }
}

const ABSENT = Symbol("absent");

/** How often a member that may be left out is there: of a large message fewer, so that values stay readable. */
function presence(schema: MessageType, field: Field): number {
  // A message that only holds the next one leads to the greatest depth.
  if (isMessage(field.type) && schema.fields.length === 1) return 60;
  return schema.fields.length > 12 ? 1 : 3;
}

/**
 * Values of a message in neutral form, biased to where the encodings of languages and codecs part: bounds of integers,
 * -0 and denormals, times at the ends of the calendar, lengths at which a head grows, text whose orders differ, map keys
 * that are prefixes of each other, members left out, empty messages, lists and maps.
 */
export function neutralValue(schema: MessageType): fc.Arbitrary<NeutralMembers> {
  const members = schema.fields.map((field): fc.Arbitrary<readonly [string, Neutral] | typeof ABSENT> => {
    const there = member(field).map((value): readonly [string, Neutral] => [field.name, value]);
    if (field.required === true) return there;
    // ABSENT first: a failing value loses the members that do not matter.
    return fc.oneof(
      { withCrossShrink: true },
      { weight: 2, arbitrary: fc.constant<typeof ABSENT>(ABSENT) },
      { weight: presence(schema, field), arbitrary: there },
    );
  });
  return fc
    .tuple(...members)
    .map((found) => Object.fromEntries(found.filter((each): each is readonly [string, Neutral] => each !== ABSENT)));
}

/** One value of one of many entities. */
export interface EntityValue {
  readonly record: EntityRecord;
  readonly value: NeutralMembers;
}

/** Values of all entities: of large schemas more, because there is more to get wrong. */
export function entityValue(records: readonly EntityRecord[]): fc.Arbitrary<EntityValue> {
  return fc.oneof(
    ...records.map((record) => ({
      weight: Math.min(12, 1 + record.schema.fields.length),
      arbitrary: neutralValue(record.schema).map((value) => ({ record, value })),
    })),
  );
}
