import { decodeJson, encodeJson } from "./codecs/json.ts";
import { CachepactError } from "./errors.ts";
import type { GeneratedCodecs } from "./generated/index.ts";
import { idOf } from "./key.ts";
import { paramProperty } from "./key-param.ts";
import { encodePayload } from "./payload.ts";
import { refuseDecode } from "./refusal.ts";
import type { EntityRecord } from "./schema.ts";
import { decodeUtf8, isWellFormed } from "./utf8.ts";

/** One entity as a program uses it. `Key` and `Value` are the types that the generated code gives. */
export interface Entity<Key extends object, Value extends object> {
  readonly record: EntityRecord;
  /** The specialised codecs; an entity that was made from a lock file has none, and the interpreter codec does all. */
  readonly generated?: GeneratedCodecs<Value> | undefined;
  /**
   * The canonical JSON text of a value, whatever the entity's own codec.
   *
   * @throws {CachepactError} E_TYPE, E_RANGE, E_FLOAT, E_SURROGATE, E_MISSING, E_DEPTH
   */
  toJson(value: Value): string;
  /**
   * A value from JSON text, leniently, but for unknown enum names: the text comes from outside, so they are refused.
   *
   * The text's size is the caller's to limit.
   * @throws {CachepactError} what a codec's `decode` throws
   */
  fromJson(text: string | Uint8Array): Value;
  /**
   * Throws what writing an entry of this value would.
   *
   * @throws {CachepactError} E_TYPE, E_RANGE, E_FLOAT, E_SURROGATE, E_MISSING, E_DEPTH, E_SIZE
   */
  check(value: Value): void;
  /**
   * The key under which this value lies: its fields that are parameters of the key.
   *
   * @throws {CachepactError} E_MISSING when the value lacks one
   */
  keyOf(value: Value): Key;
  /**
   * The encoded parameters of a key joined by `:`, as in `EntryKeys.id`: `42`, `acme:a%3Ab`.
   *
   * The worker of write-behind writes it into the column `id` of the entity's table; a loader looks rows up by it.
   * @throws {CachepactError} E_MISSING, E_TYPE, E_RANGE, E_EMPTY, E_SURROGATE, E_TOO_LONG
   */
  idOf(key: Key): string;
}

/**
 * An entity from its record in the lock file; generated code calls it once for each entity.
 *
 * @param generated the specialised codecs of its message; without them the interpreter codec does all
 * @example
 * export const User: Entity<UserKey, User> = defineEntity({ entity: "user", … }, userCodecs);
 */
export function defineEntity<Key extends object, Value extends object>(
  record: EntityRecord,
  generated?: GeneratedCodecs<Value>,
): Entity<Key, Value> {
  const { schema } = record;
  const properties = record.key.flatMap((segment) =>
    "param" in segment ? [{ name: segment.param, property: paramProperty(segment) }] : [],
  );
  const entity: Entity<Key, Value> = {
    record,
    generated,
    toJson: (value) => generated?.json.encodeText(value) ?? encodeJson(schema, value),
    fromJson(input) {
      const text = typeof input === "string" ? wellFormed(input) : decodeUtf8(input);
      // It abstains on unknown enum names.
      const known = generated?.json.decodeText(text);
      if (known !== undefined) return known;
      const notes = { unknownEnumName: false };
      const value = decodeJson(schema, text, notes);
      if (notes.unknownEnumName) refuseDecode("E_TYPE", "", "found a name that its enum does not have");
      return value as Value;
    },
    check(value) {
      checkPayloadSize(record, encodePayload(entity, record.codec, value).bytes);
    },
    keyOf(value) {
      const members = value as Readonly<Record<string, unknown>>;
      const key: Record<string, unknown> = {};
      for (const { name, property } of properties) {
        const member = Object.hasOwn(members, property) ? members[property] : undefined;
        if (member === undefined) {
          throw new CachepactError("E_MISSING", `find the key of a ${record.entity}: found no ${name}; pass it`, {
            field: name,
          });
        }
        key[property] = member;
      }
      return key as Key;
    },
    idOf: (key) => idOf(record, key),
  };
  return entity;
}

function wellFormed(text: string): string {
  return isWellFormed(text) ? text : refuseDecode("E_SURROGATE", "", "found half of a surrogate pair");
}

/** @throws {CachepactError} E_SIZE for a payload that is to be written */
export function checkPayloadSize(record: EntityRecord, payload: Uint8Array): void {
  checkSize(record, payload, record.max_payload_bytes);
}

/**
 * Readers accept the larger payloads of an announced release before anybody writes them.
 *
 * @throws {CachepactError} E_SIZE for a payload that was read
 */
export function checkReadSize(record: EntityRecord, payload: Uint8Array): void {
  checkSize(record, payload, record.announced?.max_payload_bytes ?? record.max_payload_bytes);
}

function checkSize(record: EntityRecord, payload: Uint8Array, limit: number): void {
  if (payload.length <= limit) return;
  throw new CachepactError(
    "E_SIZE",
    `hold a ${record.entity}: found ${payload.length} bytes of ${limit}; store less, or raise max_payload_bytes after every reader has it`,
  );
}
