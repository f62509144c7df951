import { encodeEntry, isCachepactError } from "@cachepact/wire";
import type { EntityContext } from "../context.ts";
import { hasStalePhase, type Lifetime } from "../expiration/ttl.ts";
import type { Storing } from "./scripts.ts";

/** Any non-zero number: the script that stores the frame writes Redis' time over it. */
const PLACEHOLDER = 1;

/**
 * The bytes of an entry with its lifetime, ready for `fill` or `store`; null when the value exceeds the entity's limit
 * and can only be handed on, not stored. `version` 0 = none; `costMs` = how long the load took, 0 = unknown.
 *
 * @throws {CachepactError} what the contract refuses: E_TYPE, E_RANGE, E_MISSING, …
 */
export function storingOf<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  value: Value | null,
  version: number,
  costMs: number,
  life: Lifetime,
): Storing | null {
  const { entity, record } = context;
  try {
    const bytes =
      value === null || record.framing === "plain"
        ? encodeEntry(entity, value)
        : encodeEntry(entity, value, {
            ...(version === 0 ? {} : { version }),
            ...(hasStalePhase(record) ? { staleAtMs: PLACEHOLDER } : {}),
            ...(record.sliding === null ? {} : { createdAtMs: PLACEHOLDER }),
            ...(record.early_refresh && costMs > 0 ? { costMs } : {}),
          });
    return { frame: asBuffer(bytes), ...life };
  } catch (error) {
    if (isCachepactError(error, "E_SIZE")) return null;
    throw error;
  }
}

/** The same memory as a Buffer, which is all that the client library writes as bytes. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
