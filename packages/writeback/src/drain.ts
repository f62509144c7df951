import type { Clock, Random } from "@cachepact/cache-core";
import { acknowledge, forget, NotArmed } from "./acknowledge.ts";
import { arm } from "./arming.ts";
import { type Batch, type BatchKey, cutBatch, type Obstacle } from "./batch.ts";
import type { Database } from "./database.ts";
import type { WorkerEvent } from "./events.ts";
import type { Ownership } from "./ownership.ts";
import type { Partition } from "./partition.ts";
import type { RedisConnection, ServerFacts } from "./redis.ts";

/** How often an empty partition is checked for state that was deleted under it, in ms. */
export const STATE_CHECK_MS = 500;

/** What one look at a partition came to. */
export type Drained =
  /** Nothing waits. */
  | { readonly outcome: "empty" }
  /** A batch is written; `more`: it was a full one. */
  | { readonly outcome: "written"; readonly more: boolean }
  /** Somebody else owns it. */
  | { readonly outcome: "fenced" }
  /** Nothing can be written before somebody acts; all events stay where they are. */
  | { readonly outcome: "blocked"; readonly obstacle: Obstacle };

/** What draining needs beside the partition and a connection. */
export interface DrainContext {
  readonly database: Database;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly random: Random;
  readonly batchEventsMax: number;
  readonly batchBytesMax: number;
  readonly leaseMs: number;
  readonly logLimitBytes: number | null;
  readonly emit: (event: WorkerEvent) => void;
}

/**
 * Writes the head of a partition's stream: read, one statement, acknowledge. Each step may fail or be repeated at any point:
 * reading changes nothing, the statement is fenced and guarded by version, and acknowledging names versions.
 *
 * @throws whatever failed; the caller arms again and repeats.
 */
export async function drain(
  partition: Partition,
  connection: RedisConnection,
  facts: ServerFacts,
  context: DrainContext,
): Promise<Drained> {
  const { clock, emit } = context;
  const startedMs = clock.monotonic();
  const { place } = partition;
  if (partition.armedRun !== facts.run && !(await makeReady(partition, connection, facts, context))) {
    return { outcome: "fenced" };
  }

  const entries = await connection.head(partition.keys.wb, partition.readCount);
  const first = entries[0];
  partition.oldestVersion = first === undefined ? null : versionOf(first.id);
  await clearDeadMarks(partition, connection, facts, context);
  if (first === undefined) {
    await checkState(partition, connection, facts, clock);
    return { outcome: "empty" };
  }
  emit({ type: "read", ...place, events: entries.length });

  const batch = cutBatch(partition.log.sink.entities, entries, context.batchBytesMax);
  const more = adaptReadCount(partition, entries.length, batch, context.batchEventsMax);
  if (batch.events === 0) {
    if (batch.obstacle === null) throw new TypeError("a batch without events and without an obstacle");
    return { outcome: "blocked", obstacle: batch.obstacle };
  }

  partition.batchEvents = batch.events;
  const result = await partition.log.sink.apply(context.database, {
    ...place,
    fence: partition.claim.fence,
    top: batch.top,
    leaseMs: context.leaseMs,
    upserts: batch.upserts,
    removals: batch.removals,
  });
  if (!result.held) return { outcome: "fenced" };
  emit({ type: "committed", ...place, rows: batch.keys.length });

  await acknowledge(partition, connection, facts.run, batch, result.newer, context.random);
  // What was read beyond the batch is the new head; an unread rest shows at the next read.
  const next = entries[batch.events];
  partition.oldestVersion = next === undefined ? null : versionOf(next.id);
  const applied = batch.keys.length - result.newer.size;
  const durationMs = clock.monotonic() - startedMs;
  emit({ type: "batch", ...place, applied, superseded: batch.events - applied, durationMs });
  return { outcome: "written", more };
}

/** Arms the partition on this server process. False when it is no longer ours. */
async function makeReady(
  partition: Partition,
  connection: RedisConnection,
  facts: ServerFacts,
  context: DrainContext,
): Promise<boolean> {
  const limitBytes = partition.log.partitionLimit(context.logLimitBytes, facts.memoryMaxBytes);
  const armed = await arm(partition, connection, facts, context.ownership, limitBytes);
  if (armed === null) return false;
  partition.armedRun = facts.run;
  partition.checkedAtMs = context.clock.monotonic();
  if (armed.dirty > 0) partition.sweepUpTo = armed.clk;
  const { state, epoch, dirty } = armed;
  context.emit({ type: "armed", ...partition.place, state, epoch, dirty });
  return true;
}

/**
 * The run id alone does not show that somebody emptied a living server: without this, writes would be refused until the
 * next restart, because an empty stream gives nothing to acknowledge.
 */
async function checkState(
  partition: Partition,
  connection: RedisConnection,
  facts: ServerFacts,
  clock: Clock,
): Promise<void> {
  if (clock.monotonic() - partition.checkedAtMs < STATE_CHECK_MS) return;
  if (!(await connection.holds(partition.keys.meta, partition.keys.wb, facts.run))) {
    throw new NotArmed("Redis lost the partition's state while it runs: a FLUSHALL, or a deleted key");
  }
  partition.checkedAtMs = clock.monotonic();
}

/**
 * A mark whose event is gone, with a deleted stream for example, would keep its key out of the cache for ever. Versions
 * accepted after arming lie above `sweepUpTo`, so once the stream's head does too, every mark at or below it is such a one.
 * Looked for after each arming, so that it does not matter which worker saw the loss.
 */
async function clearDeadMarks(
  partition: Partition,
  connection: RedisConnection,
  facts: ServerFacts,
  context: DrainContext,
): Promise<void> {
  const { sweepUpTo, oldestVersion, log } = partition;
  if (sweepUpTo === null || (oldestVersion !== null && oldestVersion <= sweepUpTo)) return;
  let marks = 0;
  let cursor = "0";
  do {
    const page = await connection.page(partition.keys.dirty, cursor);
    const dead: BatchKey[] = [];
    for (const [id, text] of page.fields) {
      const version = Number(text);
      // The value's generation is not in the mark; the highest known one wrote it, unless a roll is under way.
      if (version <= sweepUpTo) dead.push({ id, version, generation: log.record.generation });
    }
    await forget(partition, connection, facts.run, dead, context.random);
    marks += dead.length;
    cursor = page.cursor;
  } while (cursor !== "0");
  partition.sweepUpTo = null;
  if (marks > 0) context.emit({ type: "marks_cleared", ...partition.place, marks });
}

/**
 * Follows the size of the values: a read must not bring in many times what a batch may hold. True when more waits than
 * this batch took.
 */
function adaptReadCount(partition: Partition, read: number, batch: Batch, eventsMax: number): boolean {
  const full = read === partition.readCount;
  const cutByBytes = batch.obstacle === null && batch.events < read;
  if (cutByBytes) partition.readCount = Math.max(1, batch.events);
  else if (full) partition.readCount = Math.min(eventsMax, partition.readCount * 2);
  return full || batch.events < read;
}

/** The version that a stream id holds: `<version>-0`. */
function versionOf(streamId: string): number {
  return Number.parseInt(streamId, 10);
}
