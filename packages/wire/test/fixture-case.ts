import { createHash } from "node:crypto";
import {
  type CodecName,
  type ContractLock,
  channels,
  codecs,
  decodeEntry,
  decodeFrame,
  decodeWriteEvent,
  defineEntity,
  type EntityRecord,
  encodeEntry,
  encodeFrame,
  encodeWriteItem,
  entryKeys,
  eventFrame,
  type FrameHeader,
  parseKey,
  partitionOf,
  slot,
} from "@cachepact/wire";
import {
  completeNeutral,
  fromNeutral,
  keyFromNeutral,
  type Neutral,
  type NeutralMembers,
} from "@cachepact/wire/testing";
import { expect } from "vitest";
import { type Case, hex, unhex } from "./fixture.ts";
import { thrown } from "./thrown.ts";

const names: readonly CodecName[] = ["json", "msgpack", "protobuf"];

/** The neutral form of a header, of what a writer says beside a value, and of what a reader finds. */
interface Header {
  readonly codec?: FrameHeader["codec"];
  readonly fingerprint?: string;
  readonly negative?: boolean;
  readonly ascii?: boolean;
  readonly dirty?: boolean;
  readonly foreign?: boolean;
  readonly version?: number;
  readonly stale_at_ms?: number;
  readonly created_at_ms?: number;
  readonly cost_ms?: number;
}

/** Holds one case, with the entities of `lock`, to what fixtures/README.md says of its kind. */
export function checkCase(lock: ContractLock, file: string, each: Case): void {
  const check = CHECKS[`${file.replace(/\.json$/, "")}/${each.kind}`];
  if (check === undefined) throw new Error(`${file}: no such kind as ${each.kind}`);
  check(each, (name) => recordOf(lock, name));
}

type Records = (name: unknown) => EntityRecord;

function recordOf(lock: ContractLock, name: unknown): EntityRecord {
  const record = lock.entities[String(name)];
  if (record === undefined) throw new Error(`no entity ${String(name)} in this lock`);
  return record;
}

const CHECKS: Readonly<Record<string, (each: Case, records: Records) => void>> = {
  "keys/key": key,
  "keys/key-one-way": key,
  "keys/key-reject": (each, records) => refused(each, () => keysOf(each, records(each["entity"]))),
  "keys/parse-reject": (each, records) =>
    refused(each, () => parseKey(records(each["entity"]), String(each["namespace"]), String(each["text"]))),
  "keys/slot": (each) => expect(slot(String(each["key"]))).toBe(each["slot"]),
  "keys/channels": (each) => expect(each).toMatchObject(channels(String(each["namespace"]))),
  "keys/partition": (each, records) =>
    expect(partitionOf(records(each["entity"]), String(each["id"]))).toBe(each["partition"]),
  "values/canonical": canonical,
  "boundaries/boundary": boundary,
  "values/encode-error": (each, records) => {
    const { schema } = records(each["entity"]);
    for (const name of names) refused(each, () => codecs[name].encode(schema, fromNeutral(schema, membersOf(each))));
  },
  "values/accept": (each, records) => {
    const { schema } = records(each["entity"]);
    const codec = codecs[each["codec"] as CodecName];
    expect(codec.decode(schema, input(each), "lenient")).toEqual(completed(schema, membersOf(each)));
    expect(thrown(() => codec.decode(schema, input(each), "strict"))).toBe(each["strict"]);
  },
  "values/reject": (each, records) => {
    const codec = codecs[each["codec"] as CodecName];
    for (const mode of ["lenient", "strict"] as const)
      refused(each, () => codec.decode(records(each["entity"]).schema, input(each), mode));
  },
  "frames/frame": (each) => {
    expect(hex(encodeFrame(headerOf(each), unhex(each["payload"])))).toBe(each["bytes"]);
    expectFrame(each, "strict");
  },
  "frames/accept": (each) => {
    expectFrame(each, "lenient");
    expect(thrown(() => decodeFrame(unhex(each["bytes"]), "strict"))).toBe(each["strict"]);
  },
  "frames/reject": (each) => {
    for (const mode of ["lenient", "strict"] as const) refused(each, () => decodeFrame(unhex(each["bytes"]), mode));
  },
  "frames/encode-error": (each) => refused(each, () => encodeFrame(headerOf(each), unhex(each["payload"]))),
  "entries/entry": (each, records) => {
    expect(hex(encodedEntry(each, records))).toBe(each["bytes"]);
    expectEntry(each, records);
  },
  "entries/accept": expectEntry,
  "entries/reject": (each, records) => refused(each, () => decodedEntry(each, records)),
  "entries/encode-error": (each, records) => refused(each, () => encodedEntry(each, records)),
  "write-records/item": (each, records) => {
    const { id, head, payload } = itemOf(each, records);
    expect({ id, head: hex(head), payload: hex(payload) }).toEqual(only(each, "id", "head", "payload"));
  },
  "write-records/item-error": (each, records) => refused(each, () => itemOf(each, records)),
  "write-records/event": (each) => {
    const event = eventOf(each);
    const found = { ...event, payload: hex(event.payload), frame: hex(eventFrame(event)) };
    expect(found).toMatchObject(only(each, "id", "generation", "version", "payload", "frame"));
  },
  "write-records/event-reject": (each) => refused(each, () => eventOf(each)),
};

function refused(each: Case, run: () => unknown): void {
  expect(thrown(run)).toBe(each["error"]);
}

function only(each: Case, ...members: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(members.map((member) => [member, each[member]]));
}

function membersOf(each: Case, member = "value"): NeutralMembers {
  return each[member] as NeutralMembers;
}

function completed(schema: EntityRecord["schema"], value: NeutralMembers): object {
  return fromNeutral(schema, completeNeutral(schema, value));
}

function keysOf(each: Case, record: EntityRecord): ReturnType<typeof entryKeys> {
  const parameters = keyFromNeutral(record, membersOf(each, "key"));
  return entryKeys(record, String(each["namespace"]), parameters, each["generation"] as number | undefined);
}

function key(each: Case, records: Records): void {
  const record = records(each["entity"]);
  const { log, ...keys } = keysOf(each, record);
  expect({ ...keys, slot: slot(keys.value) }).toMatchObject(
    each.kind === "key"
      ? only(each, "id", "value", "lease", "floor", "writers", "slot")
      : only(each, "id", "value", "slot"),
  );
  if (each.kind !== "key") return;
  if (log === null) expect(each["log"]).toBeNull();
  else expect({ ...log, ops_a: log.opsA, ops_b: log.opsB }).toMatchObject(each["log"] as object);
  if (each["generation"] !== undefined) return;
  expect(parseKey(record, String(each["namespace"]), keys.value)).toEqual(
    keyFromNeutral(record, membersOf(each, "key")),
  );
}

function canonical(each: Case, records: Records): void {
  const { schema } = records(each["entity"]);
  for (const name of names) {
    const { bytes, ascii } = codecs[name].encodePayload(schema, fromNeutral(schema, membersOf(each)));
    expect(ascii).toBe(each["ascii"]);
    const expected = each[name] as string | object;
    if (typeof expected === "object") {
      expect({ sha256: createHash("sha256").update(bytes).digest("hex"), length: bytes.length }).toEqual(expected);
    } else expect(hex(bytes)).toBe(name === "json" ? hex(Buffer.from(expected)) : expected);
    const decoded = completed(schema, membersOf(each, each["decoded"] === undefined ? "value" : "decoded"));
    expect(codecs[name].decode(schema, bytes, "strict")).toEqual(decoded);
  }
}

/** A long list, map or run of bytes of one element; its decoded form is compared by its length, the bytes decide. */
function boundary(each: Case, records: Records): void {
  const { schema } = records(each["entity"]);
  const { field: name, element, times } = each as Case & { field: string; element: Neutral; times: number };
  const presence = schema.fields.find((field) => field.name === name)?.presence;
  const list = Array.from({ length: times }, (_, at) =>
    presence === "map" ? [String(at).padStart(5, "0"), element] : element,
  );
  const value = fromNeutral(schema, {
    id: "1",
    [name]: presence === "implicit" ? (element as string).repeat(times) : list,
  });
  for (const codec of names) {
    const bytes = codecs[codec].encode(schema, value);
    expect({ sha256: createHash("sha256").update(bytes).digest("hex"), length: bytes.length }).toEqual(each[codec]);
    const decoded = codecs[codec].decode(schema, bytes, "strict") as Readonly<Record<string, object>>;
    expect(Object.keys(decoded[name] ?? {})).toHaveLength(times);
  }
}

function input(each: Case): Uint8Array {
  const text = each["text"] as string | undefined;
  return text === undefined ? unhex(each["bytes"]) : new Uint8Array(Buffer.from(text));
}

function headerOf(each: Case): FrameHeader {
  const header = each["header"] as Header;
  return {
    codec: header.codec ?? 0,
    negative: header.negative === true,
    dirty: header.dirty === true,
    ascii: header.ascii === true,
    fingerprint: Number.parseInt(String(header.fingerprint), 16),
    staleAtMs: header.stale_at_ms ?? 0,
    version: header.version ?? 0,
    createdAtMs: header.created_at_ms ?? 0,
    costMs: header.cost_ms ?? 0,
  };
}

function expectFrame(each: Case, mode: "strict" | "lenient"): void {
  const { payload, ...header } = decodeFrame(unhex(each["bytes"]), mode);
  expect({ ...header, payload: hex(payload) }).toEqual({ ...headerOf(each), payload: each["payload"] });
}

function encodedEntry(each: Case, records: Records): Uint8Array {
  const record = records(each["entity"]);
  const value = each["value"] === null ? null : fromNeutral(record.schema, membersOf(each));
  const { version, stale_at_ms, created_at_ms, cost_ms, dirty } = each["meta"] as Header;
  const meta = { version, staleAtMs: stale_at_ms, createdAtMs: created_at_ms, costMs: cost_ms, dirty };
  const given = Object.entries(meta).filter(([, member]) => member !== undefined);
  return encodeEntry(defineEntity<object, object>(record), value, Object.fromEntries(given));
}

function decodedEntry(each: Case, records: Records): object {
  const record = records(each["entity"]);
  return decodeEntry(
    defineEntity<object, object>(record),
    unhex(each["bytes"]),
    keyFromNeutral(record, membersOf(each, "key")),
  );
}

function expectEntry(each: Case, records: Records): void {
  const { schema } = records(each["entity"]);
  const { version, stale_at_ms, created_at_ms, cost_ms, dirty, foreign } = each["result"] as Header;
  expect(decodedEntry(each, records)).toEqual({
    value: each["value"] === null ? null : completed(schema, membersOf(each)),
    version,
    staleAtMs: stale_at_ms,
    createdAtMs: created_at_ms,
    costMs: cost_ms,
    dirty,
    foreign,
  });
}

function itemOf(each: Case, records: Records): ReturnType<typeof encodeWriteItem> {
  const entity = defineEntity<object, object>(records(each["entity"]));
  const value = each["value"] === null ? null : fromNeutral(entity.record.schema, membersOf(each));
  return encodeWriteItem(entity, String(each["id"]), value);
}

function eventOf(each: Case): ReturnType<typeof decodeWriteEvent> {
  const fields = Object.entries(each["fields"] as Readonly<Record<string, string>>).map(
    ([name, bytes]) => [name, unhex(bytes)] as const,
  );
  return decodeWriteEvent(String(each["stream"]), new Map(fields));
}
