import { createHash } from "node:crypto";
import {
  type DecodeNotes,
  decodeEntry,
  decodeWriteEvent,
  type Entity,
  eventFrame,
  isCachepactError,
  keyFromId,
  type WriteEvent,
} from "@cachepact/wire";
import { EVENT_COST_BYTES } from "./log.ts";
import type { StreamEntry } from "./redis.ts";
import type { Removal, Upsert } from "./sinks/sink.ts";

/** The newest event of one key in a batch: what the acknowledgement names. */
export interface BatchKey {
  readonly id: string;
  readonly version: number;
  readonly generation: number;
}

/** Why a batch ends before the end of what was read. */
export type Obstacle =
  | { readonly kind: "unknown_generation"; readonly generation: number }
  /** Of a known generation, but with fields of a newer release: writing it would lose them for good. */
  | { readonly kind: "unknown_fields"; readonly generation: number }
  /** `key` is a hash of the key's id, null when not even that could be read. */
  | { readonly kind: "undecodable"; readonly key: string | null; readonly error: Error };

/** The head of a partition, ready for the sink: every entry up to `lastId`, coalesced per key. */
export interface Batch {
  readonly upserts: readonly Upsert[];
  readonly removals: readonly Removal[];
  readonly keys: readonly BatchKey[];
  /** Stream entries that the batch stands for; 0 = nothing can be written. */
  readonly events: number;
  /** What accepting them was reckoned at, in bytes: acknowledging gives it back. */
  readonly cost: number;
  /** The highest version among them. */
  readonly top: number;
  /** What follows the batch's last entry; null when that is only the end of what was read, or the limit of bytes. */
  readonly obstacle: Obstacle | null;
}

/** A value of which this release's schema sees a part only. */
class UnknownFields extends Error {
  readonly generation: number;

  constructor(generation: number) {
    super("a value has fields that this release does not know");
    this.generation = generation;
  }
}

type Row = { readonly upsert: Upsert } | { readonly removal: Removal };

/**
 * Cuts the longest head out of `entries` that can be written as a whole, at most `bytesMax` of payload (one event at least).
 *
 * Only a head: acknowledging trims the stream up to its end, so nothing may be left out in the middle. It ends before an
 * event of a generation that this release does not know, and before one that would have to be written and cannot be
 * decoded, or has fields of a newer release.
 */
export function cutBatch(
  entities: ReadonlyMap<number, Entity<object, object>>,
  entries: readonly StreamEntry[],
  bytesMax: number,
): Batch {
  const { events, obstacle } = readHead(entities, entries, bytesMax);
  const rows = new Map<WriteEvent, Row>();
  let end = events.length;
  let found = obstacle;
  // A later event of the same key hides an earlier one, readable or not. Cutting the later one off brings the earlier
  // one back, so the cut is repeated until every newest event is readable.
  for (;;) {
    const newest = newestPerKey(events, end);
    const bad = decodeRows(entities, events, newest, rows);
    if (bad === null) return assemble(events.slice(0, end), newest, rows, found);
    end = bad.index;
    found =
      bad.error instanceof UnknownFields
        ? { kind: "unknown_fields", generation: bad.error.generation }
        : { kind: "undecodable", key: hashKey(bad.id), error: bad.error };
  }
}

/** A short hash of a key's id: tells events apart in a log without naming a person. */
export function hashKey(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 16);
}

function readHead(
  entities: ReadonlyMap<number, unknown>,
  entries: readonly StreamEntry[],
  bytesMax: number,
): { readonly events: WriteEvent[]; readonly obstacle: Obstacle | null } {
  const events: WriteEvent[] = [];
  let bytes = 0;
  for (const entry of entries) {
    let event: WriteEvent;
    try {
      event = decodeWriteEvent(entry.id, entry.fields);
    } catch (error) {
      if (!isCachepactError(error)) throw error;
      const id = entry.fields.get("k");
      const key = id === undefined ? null : hashKey(Buffer.from(id).toString("utf8"));
      return { events, obstacle: { kind: "undecodable", key, error } };
    }
    if (!entities.has(event.generation)) {
      return { events, obstacle: { kind: "unknown_generation", generation: event.generation } };
    }
    bytes += event.payload.length;
    if (bytes > bytesMax && events.length > 0) break;
    events.push(event);
  }
  return { events, obstacle: null };
}

/** Index of the last event of each key among the first `end`. */
function newestPerKey(events: readonly WriteEvent[], end: number): Map<string, number> {
  const newest = new Map<string, number>();
  for (let i = 0; i < end; i++) {
    const event = events[i];
    if (event !== undefined) newest.set(event.id, i);
  }
  return newest;
}

/** Decodes what is not decoded yet; gives the earliest event that cannot be. */
function decodeRows(
  entities: ReadonlyMap<number, Entity<object, object>>,
  events: readonly WriteEvent[],
  newest: ReadonlyMap<string, number>,
  rows: Map<WriteEvent, Row>,
): { readonly index: number; readonly id: string; readonly error: Error } | null {
  let bad: { index: number; id: string; error: Error } | null = null;
  for (const [id, index] of newest) {
    const event = events[index];
    if (event === undefined || rows.has(event)) continue;
    try {
      rows.set(event, decodeRow(entities, event));
    } catch (error) {
      if (!isCachepactError(error) && !(error instanceof UnknownFields)) throw error;
      if (bad === null || index < bad.index) bad = { index, id, error };
    }
  }
  return bad;
}

function decodeRow(entities: ReadonlyMap<number, Entity<object, object>>, event: WriteEvent): Row {
  const { id, version, generation } = event;
  if (event.header.negative) return { removal: { id, version } };
  const entity = entities.get(generation);
  if (entity === undefined) throw new TypeError(`generation ${generation} was cut off before`);
  // The codec is the header's, the schema is ours, leniently; the payload must belong to the key.
  const notes: DecodeNotes = { unknownEnumName: false };
  const { value } = decodeEntry(entity, eventFrame(event), keyFromId(entity.record, id), notes);
  if (notes.unknownMember === true || notes.unknownEnumName) throw new UnknownFields(generation);
  return value === null
    ? { removal: { id, version } }
    : { upsert: { id, version, generation, document: entity.toJson(value) } };
}

function assemble(
  events: readonly WriteEvent[],
  newest: ReadonlyMap<string, number>,
  rows: ReadonlyMap<WriteEvent, Row>,
  obstacle: Obstacle | null,
): Batch {
  const upserts: Upsert[] = [];
  const removals: Removal[] = [];
  const keys: BatchKey[] = [];
  // By code unit, the same in every worker; the statement sorts once more in the database's own order before it locks.
  for (const [id, index] of [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const event = events[index];
    const row = event === undefined ? undefined : rows.get(event);
    if (event === undefined || row === undefined) throw new TypeError("a newest event without its row");
    if ("upsert" in row) upserts.push(row.upsert);
    else removals.push(row.removal);
    keys.push({ id, version: event.version, generation: event.generation });
  }
  let cost = 0;
  for (const event of events) cost += 2 * event.payload.length + EVENT_COST_BYTES;
  return { upserts, removals, keys, events: events.length, cost, top: events.at(-1)?.version ?? 0, obstacle };
}
