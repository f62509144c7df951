import type { Announced, EntityRecord, MessageType } from "@cachepact/wire";
import { CODECS, type EntryOption } from "./entry-option.ts";

/** The record's member `announced`; nothing when the option announces nothing. */
export function announcedOf({ announced }: EntryOption): Pick<EntityRecord, "announced"> {
  if (announced === undefined) return {};
  const codec = CODECS[announced.codec];
  const found: Announced = {
    ...(codec === undefined ? {} : { codec }),
    ...(announced.maxPayloadBytes === 0 ? {} : { max_payload_bytes: announced.maxPayloadBytes }),
    ...(announced.enumValues.length === 0 ? {} : { enum_values: announced.enumValues.toSorted() }),
  };
  return Object.keys(found).length === 0 ? {} : { announced: found };
}

/** What is announced must be news, and readers of this release must be able to take it. */
export function* announcedProblems(record: EntityRecord, { announced }: EntryOption): Generator<string> {
  if (announced === undefined) return;
  const { codec, max_payload_bytes, enum_values = [] } = record.announced ?? {};
  if (record.announced === undefined)
    yield "announced is empty; name a codec, max_payload_bytes or enum_values, or remove it";
  if (codec === record.codec) yield `announced codec ${codec} is the codec already; remove it`;
  if (codec !== undefined && record.framing === "plain") {
    yield "announced codec under FRAMING_PLAIN is refused, a bare payload cannot name its codec; remove it";
  }
  if (max_payload_bytes !== undefined && max_payload_bytes <= record.max_payload_bytes) {
    yield `announced max_payload_bytes ${max_payload_bytes} is not above max_payload_bytes ${record.max_payload_bytes}; only a larger limit needs its readers first, remove it`;
  }
  const known = new Set(enumValuesOf(record.schema));
  for (const value of enum_values.filter((each) => !known.has(each))) {
    yield `announced enum value "${value}" is in no enum of this message; readers need it, add it to its enum in the same release`;
  }
}

function* enumValuesOf(type: MessageType): Generator<string> {
  for (const field of type.fields) {
    if (typeof field.type !== "object") continue;
    if ("fields" in field.type) yield* enumValuesOf(field.type);
    else yield* Object.keys(field.type.values);
  }
}
