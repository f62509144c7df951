import { DEFAULT_FLOOR_MS, type Random } from "@cachepact/cache-core";
import { CachepactError } from "@cachepact/wire";
import type { Batch, BatchKey } from "./batch.ts";
import type { Partition } from "./partition.ts";
import type { RedisConnection } from "./redis.ts";

/** Keys of one call: bounds how long one script keeps the server from others. */
export const ACK_KEYS_MAX = 100;
/** How the cached value of a written key goes on. */
type AckMode =
  /** It is what the table holds: clean, with a ttl. */
  | "A"
  /** The table holds something newer, or the write is gone: the cached value is dropped. */
  | "D";

/** The server process is not the one that was armed, or lost its state: nothing was acknowledged. */
export class NotArmed extends Error {}

/**
 * Tells Redis that a committed batch is in the database: marks go, values become clean, the stream's head is trimmed.
 *
 * @throws {NotArmed} the partition has to be armed again; the batch will be read, written and acknowledged once more.
 */
export async function acknowledge(
  partition: Partition,
  connection: RedisConnection,
  run: string,
  batch: Batch,
  newer: ReadonlySet<string>,
  random: Random,
): Promise<void> {
  const chunks: BatchKey[][] = [];
  for (let i = 0; i < batch.keys.length; i += ACK_KEYS_MAX) chunks.push(batch.keys.slice(i, i + ACK_KEYS_MAX));
  const last = chunks.pop() ?? [];
  const mode = (key: BatchKey): AckMode => (newer.has(key.id) ? "D" : "A");
  // Only the last call trims, and it is sent when all others are done: a trimmed event whose mark stayed would keep its
  // key dirty for ever.
  await Promise.all(chunks.map((keys) => acknowledgeKeys(partition, connection, run, keys, mode, null, random)));
  await acknowledgeKeys(partition, connection, run, last, mode, batch, random);
}

/** Drops marks and cached values of writes that have no event any more. */
export async function forget(
  partition: Partition,
  connection: RedisConnection,
  run: string,
  keys: readonly BatchKey[],
  random: Random,
): Promise<void> {
  for (let i = 0; i < keys.length; i += ACK_KEYS_MAX) {
    await acknowledgeKeys(partition, connection, run, keys.slice(i, i + ACK_KEYS_MAX), () => "D", null, random);
  }
}

async function acknowledgeKeys(
  partition: Partition,
  connection: RedisConnection,
  run: string,
  batchKeys: readonly BatchKey[],
  mode: (key: BatchKey) => AckMode,
  /** The batch whose events are trimmed; null = none are. */
  trim: Batch | null,
  random: Random,
): Promise<void> {
  const { log, keys } = partition;
  const redisKeys = [keys.meta, keys.wb, keys.dirty];
  const args: (string | number)[] = [];
  for (const key of batchKeys) {
    const entry = log.entryKeys(key.id, key.generation);
    redisKeys.push(entry.value, entry.floor, entry.lease);
    args.push(key.id, key.version, mode(key));
  }
  const { ttl_ms, grace_ms, jitter_ratio, replica_reads } = log.record;
  // One draw a call. Jitter only ever shortens: a ttl is a promise about how old an entry may get.
  const ttlMs = Math.max(1, Math.ceil(ttl_ms * (1 - jitter_ratio * random.next())));
  const head = [
    run,
    trim === null ? "" : trim.top,
    trim === null ? 0 : trim.events,
    trim === null ? 0 : trim.cost,
    ttlMs,
    grace_ms,
    replica_reads ? DEFAULT_FLOOR_MS : 0,
    batchKeys.length,
  ];
  const [word] = await connection.script("ack", redisKeys, [...head, ...args]);
  if (word === "OK") return;
  if (word === "NOTREADY")
    throw new NotArmed("acknowledging a batch: this Redis is not the process that was armed, or lost its state");
  throw new CachepactError(
    "E_SCRIPT",
    `acknowledging a batch: script ack answered ${String(word)}; use one release of cachepact`,
  );
}
