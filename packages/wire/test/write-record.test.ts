import { decodeEntry, decodeWriteEvent, defineEntity, encodeEntry, encodeWriteItem, eventFrame } from "@cachepact/wire";
import { fromNeutral, type Neutral } from "@cachepact/wire/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Case, entityRecord, hex, ofKind, unhex } from "./fixture.ts";
import { thrown } from "./thrown.ts";

type Shape = Readonly<Record<string, Neutral>>;

function fieldsOf(each: Case): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(each["fields"] as Shape).map(([name, value]) => [name, unhex(value)]));
}

function itemOf(each: Case): ReturnType<typeof encodeWriteItem> {
  const entity = defineEntity<object, object>(entityRecord(each["entity"]));
  const value = each["value"] as Shape | null;
  return encodeWriteItem(entity, String(each["id"]), value === null ? null : fromNeutral(entity.record.schema, value));
}

describe("write records of the fixtures", () => {
  for (const each of ofKind("write-records", "item")) {
    test(each.name, () => {
      const { id, head, payload } = itemOf(each);
      expect({ id, head: hex(head), payload: hex(payload) }).toEqual({
        id: each["id"],
        head: each["head"],
        payload: each["payload"],
      });
    });
  }

  for (const each of ofKind("write-records", "item-error")) {
    test(`${each.name}: ${String(each["error"])}`, () => expect(thrown(() => itemOf(each))).toBe(each["error"]));
  }

  for (const each of ofKind("write-records", "event")) {
    test(each.name, () => {
      const event = decodeWriteEvent(String(each["stream"]), fieldsOf(each));
      const { id, generation, version } = event;
      expect({ id, generation, version, payload: hex(event.payload), frame: hex(eventFrame(event)) }).toEqual({
        id: each["id"],
        generation: each["generation"],
        version: each["version"],
        payload: each["payload"],
        frame: each["frame"],
      });
      const header = each["header"] as Shape;
      expect(event.header).toMatchObject({ dirty: true, negative: header["negative"], version: header["version"] });
      expect(decodeWriteEvent(String(each["stream"]), new Map(Object.entries(fieldsOf(each))))).toEqual(event);
    });
  }

  for (const each of ofKind("write-records", "event-reject")) {
    test(`${each.name}: ${String(each["error"])}`, () => {
      expect(thrown(() => decodeWriteEvent(String(each["stream"]), fieldsOf(each)))).toBe(each["error"]);
    });
  }
});

interface Setting {
  userId: number;
  name: string;
  content: string;
}

const setting = defineEntity<{ userId: number; name: string }, Setting>(entityRecord("setting"));

test("what accept stores of an item is the entry that a writer of that version would make", () => {
  fc.assert(
    fc.property(
      fc.record({ userId: fc.maxSafeInteger(), name: fc.constantFrom("theme", "a:b", "é"), content: fc.string() }),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      fc.boolean(),
      (value, version, deleted) => {
        const id = `${value.userId}:${encodeURIComponent(value.name)}`;
        const { head, payload } = encodeWriteItem(setting, id, deleted ? null : value);
        const fields = { k: Buffer.from(id), g: Buffer.from("3"), h: head, p: payload };
        const frame = eventFrame(decodeWriteEvent(`${version}-0`, fields));
        expect(hex(frame)).toBe(hex(encodeEntry(setting, deleted ? null : value, { version, dirty: true })));
        const entry = decodeEntry(setting, frame, { userId: value.userId, name: value.name });
        expect(entry).toMatchObject({ version, dirty: true, value: deleted ? null : value });
      },
    ),
    { numRuns: 200 },
  );
});
