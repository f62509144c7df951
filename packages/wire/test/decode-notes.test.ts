import {
  type CodecName,
  type DecodeNotes,
  decodeEntry,
  defineEntity,
  type Entity,
  type EntityRecord,
  encodeEntry,
} from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import type { Field, MessageType, Reserved } from "../src/schema.ts";

const ID: Field = { name: "id", number: 1, presence: "implicit", type: "int32" };
const NAME: Field = { name: "name", number: 2, presence: "optional", type: "string" };
const tier = (values: Readonly<Record<string, number>>): Field => ({
  name: "tier",
  number: 3,
  presence: "implicit",
  type: { enum: "test.Tier", values },
});
const OLD_TIER = tier({ TIER_FREE: 0, TIER_PAID: 1 });
const NEW_TIER = tier({ TIER_FREE: 0, TIER_PAID: 1, TIER_GOLD: 2 });

function release(codec: CodecName, fields: readonly Field[], reserved?: Reserved): Entity<object, object> {
  const schema: MessageType = { message: "test.Thing", fields, ...(reserved === undefined ? {} : { reserved }) };
  const record: Partial<EntityRecord> = {
    entity: "thing",
    generation: 1,
    codec,
    framing: "framed",
    fingerprint: "00000001",
    key: [{ param: "id", type: "int32", max_bytes: 128, transforms: [] }],
    max_payload_bytes: 1_000,
    version: null,
    log: null,
    schema,
  };
  return defineEntity<object, object>(record as EntityRecord);
}

/** Whether a reader loses something of what a writer of other fields wrote. */
function loses(
  codec: CodecName,
  writer: readonly Field[],
  reader: readonly Field[],
  value: object,
  reserved?: Reserved,
): boolean {
  const notes: DecodeNotes = { unknownEnumName: false };
  decodeEntry(release(codec, reader, reserved), encodeEntry(release(codec, writer), value), undefined, notes);
  return notes.unknownMember === true || notes.unknownEnumName;
}

describe.each(["json", "msgpack", "protobuf"] as const)("%s: a reader loses something", (codec) => {
  test("when its writer knew a member that its reader does not", () => {
    expect(loses(codec, [ID, NAME], [ID], { id: 1, name: "Ada" })).toBe(true);
  });

  test("not when the reader knows more, or the same", () => {
    expect(loses(codec, [ID], [ID, NAME, OLD_TIER], { id: 1 })).toBe(false);
    expect(loses(codec, [ID, NAME], [ID, NAME], { id: 1, name: "Ada" })).toBe(false);
  });

  test("not when the member was left out", () => {
    expect(loses(codec, [ID, NAME], [ID], { id: 1 })).toBe(false);
  });

  test("not when the reader's contract has given the member up", () => {
    const value = { id: 1, name: "Ada" };
    expect(loses(codec, [ID, NAME], [ID], value, { names: ["name"], numbers: [[2, 2]] })).toBe(false);
    expect(loses(codec, [ID, NAME], [ID], value, { names: ["other"], numbers: [[3, 9]] })).toBe(true);
  });

  test("when a record inside it is", () => {
    const inner = (fields: readonly Field[]): Field => ({
      name: "inner",
      number: 4,
      presence: "optional",
      type: { message: "test.Inner", fields },
    });
    const value = { id: 1, inner: { id: 2, name: "Ada" } };
    expect(loses(codec, [ID, inner([ID, NAME])], [ID, inner([ID])], value)).toBe(true);
  });

  test("when the name of an enum's value is gone; its number is not", () => {
    expect(loses(codec, [ID, NEW_TIER], [ID, OLD_TIER], { id: 1, tier: 2 })).toBe(codec === "json");
    expect(loses(codec, [ID, NEW_TIER], [ID, OLD_TIER], { id: 1, tier: 1 })).toBe(false);
  });
});
