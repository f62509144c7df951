import { describe, join, refuseDecode, refuseEncode } from "./refusal.ts";
import { defaultScalar } from "./scalar.ts";
import type { PlannedField, SchemaPlan } from "./schema-plan.ts";
import { isWellFormed } from "./utf8.ts";

/** How deep records, arrays and maps may lie in each other; the root record is level 1. */
export const MAX_DEPTH = 32;

/** A record while a codec works on it: properties by their TypeScript names. */
export type OpenRecord = Record<string, unknown>;

/**
 * Checks that `raw` can be a record of the plan and names no property that the plan does not have.
 *
 * @throws {CachepactError} E_TYPE, E_DEPTH
 */
export function openRecord(plan: SchemaPlan, raw: unknown, path: string, depth: number): OpenRecord {
  if (depth > MAX_DEPTH) return refuseEncode("E_DEPTH", path, `found more than ${MAX_DEPTH} levels`);
  if (typeof raw !== "object" || raw === null || Array.isArray(raw) || raw instanceof Uint8Array) {
    return refuseEncode("E_TYPE", path, `expected an object, found ${describe(raw)}`);
  }
  for (const property of Object.keys(raw)) {
    if (!plan.byProperty.has(property)) {
      // The name comes from the caller's program; it is shortened, not hidden.
      const name = JSON.stringify(property.slice(0, 40));
      return refuseEncode("E_TYPE", path, `found property ${name}, which ${plan.message} does not have`);
    }
  }
  return raw as OpenRecord;
}

/**
 * What a record holds for a field: the raw value, or undefined when an optional field is absent.
 *
 * An absent implicit field is its default, an absent list or map is empty.
 * @throws {CachepactError} E_MISSING when the field is required, E_TYPE on null
 */
export function readMember(record: OpenRecord, field: PlannedField, path: string): unknown {
  const raw = field.shadowed && !Object.hasOwn(record, field.property) ? undefined : record[field.property];
  if (raw !== undefined) {
    return raw === null ? refuseEncode("E_TYPE", join(path, field.name), "found null; leave the property out") : raw;
  }
  if (field.required) return refuseEncode("E_MISSING", join(path, field.name), "found no value");
  return absent(field);
}

function absent(field: PlannedField): unknown {
  switch (field.presence) {
    case "implicit":
      return defaultScalar(field);
    case "repeated":
      return [];
    case "map":
      return Object.create(null);
    default:
      return undefined;
  }
}

/** @throws {CachepactError} E_TYPE, E_DEPTH */
export function openList(raw: unknown, path: string, depth: number): readonly unknown[] {
  if (depth > MAX_DEPTH) return refuseEncode("E_DEPTH", path, `found more than ${MAX_DEPTH} levels`);
  return Array.isArray(raw) ? raw : refuseEncode("E_TYPE", path, `expected an array, found ${describe(raw)}`);
}

/**
 * The entries of a map in the order of `compare`.
 *
 * Only a plain object is a map: a `Map` or an instance of a class would look empty.
 * @throws {CachepactError} E_TYPE, E_DEPTH, E_SURROGATE
 */
export function openMap(
  raw: unknown,
  path: string,
  depth: number,
  compare: (a: string, b: string) => number,
): readonly (readonly [string, unknown])[] {
  if (depth > MAX_DEPTH) return refuseEncode("E_DEPTH", path, `found more than ${MAX_DEPTH} levels`);
  if (typeof raw !== "object" || raw === null || !isPlain(raw)) {
    return refuseEncode("E_TYPE", path, `expected a plain object, found ${describe(raw)}`);
  }
  const entries = Object.entries(raw);
  for (const [key] of entries) {
    if (!isWellFormed(key)) return refuseEncode("E_SURROGATE", path, "found a key with half of a surrogate pair");
  }
  return entries.length < 2 ? entries : entries.toSorted(([a], [b]) => compare(a, b));
}

function isPlain(raw: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(raw);
  // The second condition accepts objects of another realm.
  return prototype === null || (!Array.isArray(raw) && Object.getPrototypeOf(prototype) === null);
}

/** A map while it is decoded. Without a prototype, so that `__proto__` is a key like any other. */
export function emptyMap(): OpenRecord {
  return Object.create(null) as OpenRecord;
}

/**
 * Fills in what the bytes did not hold: defaults, empty lists and maps.
 *
 * @param defaultsAreAbsent Protobuf leaves defaults out, so a required implicit field that is absent holds its default.
 * @throws {CachepactError} E_MISSING
 */
export function completeRecord(
  plan: SchemaPlan,
  record: OpenRecord,
  path: string,
  defaultsAreAbsent: boolean,
): OpenRecord {
  for (const field of plan.fields) {
    if (Object.hasOwn(record, field.property)) continue;
    if (field.required && (field.presence === "optional" || !defaultsAreAbsent)) {
      return refuseDecode("E_MISSING", join(path, field.name), "found no value");
    }
    const value = absent(field);
    if (value !== undefined) record[field.property] = value;
  }
  return record;
}
