import { codecs, type EntityRecord, entryKeys, type KeyParam, propertyName, versionOf } from "@cachepact/wire";
import { fromNeutral, keyFromNeutral, type Neutral, type NeutralMembers } from "@cachepact/wire/testing";
import fc from "fast-check";
import { isLong } from "../differential/scalar.ts";
import { tooDeep } from "../differential/settled.ts";
import { neutralValue } from "../differential/value.ts";

/** A row that a service may hold under the contract: its key, its value, its version. */
export interface Row {
  readonly record: EntityRecord;
  readonly key: NeutralMembers;
  readonly value: NeutralMembers;
  /** The value of this language, for what is computed here. */
  readonly native: object;
  /** The Redis key of its entry. */
  readonly redisKey: string;
}

const LEAST_VERSION = 1;

/** Tries in a row that give no new row before an entity has no more: some keys have few values. */
const TRIES = 60;

/**
 * Random rows of an entity, at least one: values of which each has a key, a payload within the contract's limit, and a
 * version where the entity has one.
 */
export function sampleRows(record: EntityRecord, count: number, seed: number): readonly Row[] {
  const found: Row[] = [];
  const taken = new Set<string>();
  for (let next = seed; found.length < count && next < seed + TRIES; next += 1) {
    for (const value of fc.sample(neutralValue(record.schema), { seed: next, numRuns: 20 })) {
      // The first row is all ASCII, which is a flag of the frame.
      if (found.length === 0 && !/^[ -~]*$/.test(JSON.stringify(value))) continue;
      const row = rowOf(record, withParams(record, value, found.length));
      if (row === undefined || taken.has(row.redisKey) || found.length === count) continue;
      taken.add(row.redisKey);
      found.push(row);
    }
  }
  if (found.length === 0) throw new Error(`found no row of ${record.entity}; seed ${seed}`);
  return found;
}

/** The value with every parameter of its key, each one that a key may have. */
function withParams(record: EntityRecord, value: NeutralMembers, number: number): NeutralMembers {
  const params = record.key.filter((segment): segment is KeyParam => "param" in segment);
  const own = params
    .filter(({ param }) => record.schema.fields.some(({ name }) => name === param))
    .map((param) => [param.param, fitting(param, value[param.param], number)] as const);
  return { ...value, ...Object.fromEntries(own) };
}

function fitting({ type, values }: KeyParam, found: Neutral | undefined, number: number): Neutral {
  switch (type) {
    case "uuid":
      return `9f8b1c2d-0000-4000-8000-${String(number).padStart(12, "0")}`;
    case "enum":
      return values?.[number % values.length] ?? "";
    case "string":
      return found === undefined || found === "" ? `a:${number}${number === 0 ? "" : "é"}` : found;
    case "bytes":
      return found === undefined || found === "" ? "00ff" : found;
    case "bool":
      return found ?? false;
    default:
      return found ?? (isLong(type) ? String(number) : number);
  }
}

function rowOf(record: EntityRecord, value: NeutralMembers): Row | undefined {
  if (tooDeep(record.schema, value)) return undefined;
  const native = fromNeutral(record.schema, value);
  const params = record.key.filter((segment): segment is KeyParam => "param" in segment);
  // A parameter that is no field of the value binds nothing.
  const key = Object.fromEntries(
    params.map((param) => [param.param, value[param.param] ?? fitting(param, undefined, 7)]),
  );
  try {
    const redisKey = entryKeys(record, "", keyFromNeutral(record, key)).value;
    if (codecs[record.codec].encode(record.schema, native).length > record.max_payload_bytes) return undefined;
    if (record.version !== null && !isVersioned(record, native)) return undefined;
    return { record, key, value, native, redisKey };
  } catch {
    return undefined;
  }
}

function isVersioned(record: EntityRecord, native: Readonly<Record<string, unknown>>): boolean {
  return native[propertyName(record.version as string)] !== undefined && versionOf(record, native) >= LEAST_VERSION;
}

/** A key of the entity under which no row of `sampleRows` lies. */
export function keyOfNobody(record: EntityRecord): NeutralMembers {
  const params = record.key.filter((segment): segment is KeyParam => "param" in segment);
  return Object.fromEntries(
    params.map((param): [string, Neutral] => {
      switch (param.type) {
        case "string":
          return [param.param, "nobody"];
        case "bytes":
          return [param.param, "6e6f"];
        case "uuid":
          return [param.param, "00000000-0000-4000-8000-000000000000"];
        case "enum":
          return [param.param, param.values?.at(-1) ?? ""];
        case "bool":
          return [param.param, true];
        default:
          return [param.param, isLong(param.type) ? "404" : 404];
      }
    }),
  );
}
