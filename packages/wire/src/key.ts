import { CachepactError } from "./errors.ts";
import { decodeParam, encodeParam, paramProperty } from "./key-param.ts";
import { type LogKeys, logKeys, partitionOf } from "./log-key.ts";
import { keyPrefix } from "./namespace.ts";
import type { EntityRecord, KeyParam, KeySegment } from "./schema.ts";

/** Limit of a whole key, in bytes. Keys are ASCII. */
export const MAX_KEY_BYTES = 512;

/** Every Redis key of one entry. This is the only place where one is built. */
export interface EntryKeys {
  /** The encoded parameters joined by `:`. Names the entry within its entity, in every generation. */
  readonly id: string;
  /** The entry itself. */
  readonly value: string;
  /** The right to load or store. */
  readonly lease: string;
  /** The highest version known committed. */
  readonly floor: string;
  /** The writers that are active. */
  readonly writers: string;
  /** Keys of the entry's partition when the entity is written behind. */
  readonly log: LogKeys | null;
}

/** What a runtime needs to know of an entity's key, computed once. */
interface KeyPlan {
  readonly segments: readonly KeySegment[];
  readonly params: readonly KeyParam[];
  /** The property of the key object for each parameter. */
  readonly properties: readonly string[];
  readonly tagged: boolean;
}

const plans = new WeakMap<EntityRecord, KeyPlan>();

function planOf(record: EntityRecord): KeyPlan {
  const known = plans.get(record);
  if (known !== undefined) return known;
  const params = record.key.filter((segment) => "param" in segment);
  const properties = params.map((param) => paramProperty(param));
  const plan = { segments: record.key, params, properties, tagged: params.some((param) => param.hash_tag === true) };
  plans.set(record, plan);
  return plan;
}

/** @throws {CachepactError} E_OPTION when the namespace would let one entity's keys look like another's */
function prefixOf(record: EntityRecord, namespace: string): string {
  const prefix = keyPrefix(namespace);
  if (namespace !== record.entity) return prefix;
  throw new CachepactError("E_OPTION", `use namespace ${namespace}: found an entity of that name; choose another`);
}

function entityName(record: EntityRecord, generation: number): string {
  return generation === 0 ? record.entity : `${record.entity}@${generation}`;
}

/** The encoded parameters of a key object, in the order of the template. */
function encodeParams(record: EntityRecord, key: object): string[] {
  if (typeof key !== "object" || key === null) {
    throw new CachepactError("E_TYPE", `build a key of ${record.entity}: expected an object of its parameters`);
  }
  const values = key as Readonly<Record<string, unknown>>;
  const { params, properties } = planOf(record);
  const texts: string[] = [];
  for (let index = 0; index < params.length; index += 1) {
    const property = properties[index] as string;
    texts.push(encodeParam(params[index] as KeyParam, Object.hasOwn(values, property) ? values[property] : undefined));
  }
  return texts;
}

/**
 * `EntryKeys.id` alone.
 *
 * @throws {CachepactError} E_MISSING, E_TYPE, E_RANGE, E_EMPTY, E_SURROGATE, E_TOO_LONG
 */
export function idOf(record: EntityRecord, key: object): string {
  return encodeParams(record, key).join(":");
}

/** `name` and the segments after it: literals and parameters, `{…}` around the hash tag. */
function pathAfter(name: string, record: EntityRecord, params: readonly string[]): string {
  let path = name;
  let next = 0;
  for (const segment of planOf(record).segments) {
    if ("literal" in segment) path += `:${segment.literal}`;
    else {
      const param = params[next] as string;
      next += 1;
      path += segment.hash_tag === true ? `:{${param}}` : `:${param}`;
    }
  }
  return path;
}

/**
 * The keys of an entry. `namespace` is the prefix of the deployment, "" = none; `generation` is that of the record
 * unless another live one is meant.
 *
 * A write-behind entry carries its partition's tag as a segment, and its lease, floor and writers stand beside the
 * stream, without a generation.
 * @throws {CachepactError} E_MISSING, E_TYPE, E_RANGE, E_EMPTY, E_SURROGATE on a parameter; E_TOO_LONG on a parameter
 * or the whole key; E_OPTION on a bad namespace
 */
export function entryKeys(
  record: EntityRecord,
  namespace: string,
  key: object,
  generation: number = record.generation,
): EntryKeys {
  const prefix = prefixOf(record, namespace);
  const params = encodeParams(record, key);
  const id = params.length === 1 ? (params[0] as string) : params.join(":");
  const name = `${prefix}${entityName(record, generation)}`;
  if (record.log !== null) {
    const log = logKeys(record, namespace, partitionOf(record, id));
    const beside = (word: string): string => `${log.tag}@${word}:${id}`;
    const value = limited(record, pathAfter(`${name}:${log.tag}`, record, params));
    return { id, value, lease: beside("lease"), floor: beside("floor"), writers: beside("writers"), log };
  }
  const value = limited(record, pathAfter(name, record, params));
  // Without a tag of its own the key becomes the tag, so that all of the entry's keys share a slot.
  const stem = planOf(record).tagged ? value : `{${value}}`;
  return { id, value, lease: `${stem}@lease`, floor: `${stem}@floor`, writers: `${stem}@writers`, log: null };
}

function limited(record: EntityRecord, key: string): string {
  if (key.length <= MAX_KEY_BYTES) return key;
  throw new CachepactError(
    "E_TOO_LONG",
    `build a key of ${record.entity}: found ${key.length} bytes of ${MAX_KEY_BYTES}; shorten a parameter or use the SHA256 transform`,
  );
}

/**
 * The key object of an id.
 *
 * @throws {CachepactError} E_KEY when the text is not an id of this entity, or holds a digest, which has no way back
 */
export function keyFromId(record: EntityRecord, id: string): object {
  const { params } = planOf(record);
  const texts = params.length === 0 && id === "" ? [] : id.split(":");
  if (texts.length !== params.length) return refuseKey(record);
  const key: Record<string, unknown> = {};
  for (const [index, param] of params.entries()) {
    const text = texts[index] as string;
    const value = decodeParam(param, text);
    if (value === undefined || !isCanonical(param, value, text)) return refuseKey(record);
    key[paramProperty(param)] = value;
  }
  return key;
}

function isCanonical(param: KeyParam, value: unknown, text: string): boolean {
  try {
    return encodeParam(param, value) === text;
  } catch {
    return false;
  }
}

/**
 * The key object that `entryKeys` built a value key from.
 *
 * @throws {CachepactError} E_KEY when it is no value key of this entity, namespace and generation
 */
export function parseKey(record: EntityRecord, namespace: string, text: string): object {
  const name = `${prefixOf(record, namespace)}${entityName(record, record.generation)}`;
  const segments = text.split(":");
  const nameSegments = name.split(":").length;
  const rest = segments.slice(nameSegments + (record.log === null ? 0 : 1));
  const params: string[] = [];
  for (const [index, segment] of planOf(record).segments.entries()) {
    const found = rest[index] ?? refuseKey(record);
    if ("param" in segment) params.push(segment.hash_tag === true ? found.slice(1, -1) : found);
  }
  const key = keyFromId(record, params.join(":"));
  // What was skipped above is compared here: prefix, name, generation, tag, literals, the number of segments.
  if (entryKeys(record, namespace, key).value !== text) return refuseKey(record);
  return key;
}

function refuseKey(record: EntityRecord): never {
  throw new CachepactError(
    "E_KEY",
    `parse a key of ${record.entity}: found text of another form; use the generated key builder`,
  );
}
