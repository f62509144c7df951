import type { EntityRecord, Field, KeyParam, KeySegment } from "@cachepact/wire";

import { describeKey } from "../key-template.ts";
import { bump, type Comparison, note, since } from "./comparison.ts";
import type { Released } from "./timeline.ts";

/** Bounds of the integer types: only the order of their sizes matters here. */
const BITS: Readonly<Partial<Record<KeyParam["type"], readonly [low: number, high: number]>>> = {
  int32: [-31, 31],
  sint32: [-31, 31],
  uint32: [0, 32],
  int64: [-63, 63],
  sint64: [-63, 63],
  uint64: [0, 64],
};

/**
 * Keys of one row in two releases.
 *
 * A key that changes is refused even together with a new generation: a program makes the keys of the announced and of
 * the previous generation from its own template, so neither release's invalidations would reach the other's entries.
 */
export function compareKeys(comparison: Comparison, released: Released): void {
  const { record, timeline } = comparison;
  const old = released.record;
  const found = difference(old, record);
  if (found !== undefined) {
    note(comparison, {
      rule: "key",
      change: `the key ${describeKey(old)} became ${describeKey(record)}: ${found}`,
      since: since(comparison, released.release),
      breaks:
        "readers and writers of both releases: neither finds the other's entries, and neither's invalidations reach them, so both serve stale values until the ttl",
      instead: `declare a second entity with the new key, let every release write and invalidate both, then mark the message of ${timeline.entity} deprecated and remove it`,
    });
  }
  if (old.generation !== record.generation) return;
  compareLimits(comparison, released);
  compareBinding(comparison, released);
}

/** Why a row has another key; undefined when every row that both can name has the same one. */
function difference(old: EntityRecord, now: EntityRecord): string | undefined {
  if (old.key.length !== now.key.length) return `it has ${now.key.length} segments instead of ${old.key.length}`;
  for (const [index, segment] of now.key.entries()) {
    const found = segmentDifference(old, now, old.key[index] as KeySegment, segment);
    if (found !== undefined) return found;
  }
  return undefined;
}

function segmentDifference(
  oldRecord: EntityRecord,
  nowRecord: EntityRecord,
  old: KeySegment,
  now: KeySegment,
): string | undefined {
  if ("literal" in old || "literal" in now) {
    const same = "literal" in old && "literal" in now && old.literal === now.literal;
    return same ? undefined : "a literal changed";
  }
  if (!isSameParam(oldRecord, nowRecord, old, now)) return `{${now.param}} stands where {${old.param}} stood`;
  if ((old.hash_tag === true) !== (now.hash_tag === true))
    return `the hash tag of {${now.param}} changed, and its slot with it`;
  if (old.transforms.join() !== now.transforms.join()) return `the transforms of {${now.param}} changed`;
  if (textOf(old.type) !== textOf(now.type))
    return `{${now.param}} was ${old.type} and is ${now.type}, which has another text`;
  return undefined;
}

/** A parameter is told by its name; a field that was renamed under a new generation, by its number. */
function isSameParam(oldRecord: EntityRecord, nowRecord: EntityRecord, old: KeyParam, now: KeyParam): boolean {
  if (old.param === now.param) return true;
  const number = fieldOf(oldRecord, old.param)?.number;
  return number !== undefined && number === fieldOf(nowRecord, now.param)?.number;
}

/** Types with the same text for the same value. An `enum` parameter is a string of which only some are allowed. */
function textOf(type: KeyParam["type"]): string {
  if (BITS[type] !== undefined) return "integer";
  return type === "enum" ? "string" : type;
}

/** Rows that one of the two contracts can name and the other cannot. */
function compareLimits(comparison: Comparison, { record: old, release }: Released): void {
  for (const [index, now] of comparison.record.key.entries()) {
    const before = old.key[index];
    if (before === undefined || "literal" in before || "literal" in now || before.param !== now.param) continue;
    const lost = narrowed(before, now);
    // A type that only widens lets new programs cache rows that old ones cannot name either.
    const found = lost ?? retyped(before, now);
    if (found === undefined) continue;
    note(comparison, {
      rule: "key-limit",
      field: now.param,
      change: `key parameter {${now.param}}: ${found}`,
      since: since(comparison, release),
      breaks:
        lost === undefined
          ? "old writers: they cannot name rows that programs of this release cache, so these stay stale until the ttl"
          : "writers of this release: they cannot name rows that old programs cache, so these stay stale until the ttl, and every read of such a row is an error",
      instead: `keep the limit, or ${bump(comparison)} once no such row exists`,
    });
  }
}

/** Another text is another key, which is said already. */
function retyped(old: KeyParam, now: KeyParam): string | undefined {
  return old.type !== now.type && textOf(old.type) === textOf(now.type) ? `${old.type} became ${now.type}` : undefined;
}

function narrowed(old: KeyParam, now: KeyParam): string | undefined {
  const [before, after] = [BITS[old.type], BITS[now.type]];
  if (before !== undefined && after !== undefined && (after[0] > before[0] || after[1] < before[1])) {
    return `${old.type} became ${now.type}`;
  }
  if (old.type === "string" && now.type === "enum") return "string became enum";
  const gone = (old.values ?? []).filter((value) => now.type === "enum" && !(now.values ?? []).includes(value));
  if (gone.length > 0) return `the values ${gone.join(", ")} are gone`;
  const limited = (now.type === "string" || now.type === "bytes") && now.transforms.length === 0;
  return limited && now.max_bytes < old.max_bytes ? `max_bytes ${old.max_bytes} became ${now.max_bytes}` : undefined;
}

/** A parameter that is a field must be in the payload, else the payload is taken for another row's. */
function compareBinding(comparison: Comparison, { record: old, release }: Released): void {
  for (const segment of comparison.record.key) {
    if ("literal" in segment) continue;
    const [before, after] = [fieldOf(old, segment.param), fieldOf(comparison.record, segment.param)];
    if ((before === undefined) === (after === undefined)) continue;
    note(comparison, {
      rule: "key-binding",
      field: segment.param,
      change: `key parameter {${segment.param}} ${after === undefined ? "is no field any more" : "became a field"}`,
      since: since(comparison, release),
      breaks: `${after === undefined ? "old" : "new"} readers: entries without the field are another row's to them (E_BINDING), a miss at every read`,
      instead: bump(comparison),
    });
  }
}

function fieldOf({ schema }: EntityRecord, name: string): Field | undefined {
  return schema.fields.find((field) => field.name === name);
}
