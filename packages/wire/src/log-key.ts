import { CachepactError } from "./errors.ts";
import { checkNamespace } from "./namespace.ts";
import type { EntityRecord } from "./schema.ts";
import { crc16 } from "./slot.ts";

/** Keys of one partition of a write-behind log. All share a slot, and none carries a generation. */
export interface LogKeys {
  readonly partition: number;
  /** The hash tag with its braces, a literal segment of value keys: `{acme.preferences.p07}`. */
  readonly tag: string;
  /** The stream of accepted writes. */
  readonly wb: string;
  /** Hash: id to the version that is not in the database yet. */
  readonly dirty: string;
  /** Hash: the partition's clock, limit and owner. */
  readonly meta: string;
  /** Op records of even 30 s slots. */
  readonly opsA: string;
  /** Op records of odd 30 s slots. */
  readonly opsB: string;
}

/**
 * The partition of a write-behind id (`EntryKeys.id`): CRC16 modulo the partitions of the log.
 *
 * @throws {CachepactError} E_PATTERN when the entity has no log
 */
export function partitionOf(record: EntityRecord, id: string): number {
  logOf(record);
  return crc16(id) % record.partitions;
}

/** @throws {CachepactError} E_PATTERN when the entity has no log; E_OPTION on a bad namespace; E_KEY on a partition that does not exist */
export function logKeys(record: EntityRecord, namespace: string, partition: number): LogKeys {
  checkNamespace(namespace);
  const log = logOf(record);
  if (!Number.isInteger(partition) || partition < 0 || partition >= record.partitions) {
    throw new CachepactError("E_KEY", `name a partition of log ${log}: found none of its ${record.partitions}`);
  }
  // Two digits at least, so that a listing of the keys is in order.
  const name = `${log}.p${String(partition).padStart(2, "0")}`;
  const tag = `{${namespace === "" ? "" : `${namespace}.`}${name}}`;
  return {
    partition,
    tag,
    wb: `${tag}@wb`,
    dirty: `${tag}@dirty`,
    meta: `${tag}@meta`,
    opsA: `${tag}@ops:a`,
    opsB: `${tag}@ops:b`,
  };
}

function logOf(record: EntityRecord): string {
  if (record.log !== null) return record.log;
  throw new CachepactError(
    "E_PATTERN",
    `name the log of ${record.entity}: found an entity without one; only entities with a log are written behind`,
  );
}
