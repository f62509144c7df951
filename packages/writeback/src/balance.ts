import type { Clock } from "@cachepact/cache-core";
import { asError, type WorkerEvent } from "./events.ts";
import type { Log } from "./log.ts";
import type { Ownership } from "./ownership.ts";
import { Partition } from "./partition.ts";
import { sleep } from "./sleep.ts";

/** How long a partition is left to other workers after this one could not go on with it. */
export const AVOID_MS = 5_000;
/**
 * How long an avoided partition that nobody here claimed again still counts in the age: until the next heartbeats have
 * claimed it, its backlog must not look drained.
 */
const AVOIDED_COUNTS_MS = 2_000;
/** Payload that a first read of a partition may bring in, if every value were as large as it may be. */
const FIRST_READ_BYTES = 16 * 1024 * 1024;
const FIRST_READ_EVENTS_MIN = 16;

/** A partition that is left to others for a while. */
interface Avoided {
  /** On the monotonic clock. */
  readonly untilMs: number;
  readonly oldestVersion: number | null;
}

interface BalanceOptions {
  readonly clock: Clock;
  readonly heartbeatMs: number;
  readonly batchEventsMax: number;
}

/**
 * The partitions that this worker holds, and the share that it should hold: with W workers alive, at most ceil(P / W).
 *
 * There is no leader: each worker gives back what is above its share and claims what is free below it. One that met a
 * generation that it does not know is not counted for a while, so that a newer one beside it takes everything.
 */
export class Balance {
  readonly #ownership: Ownership;
  readonly #logs: readonly Log[];
  readonly #options: BalanceOptions;
  readonly #emit: (event: WorkerEvent) => void;
  readonly #held = new Map<Log, Map<number, Partition>>();
  readonly #avoided = new Map<Log, Map<number, Avoided>>();
  #reachable = false;

  constructor(ownership: Ownership, logs: readonly Log[], options: BalanceOptions, emit: (event: WorkerEvent) => void) {
    this.#ownership = ownership;
    this.#logs = logs;
    this.#options = options;
    this.#emit = emit;
    for (const log of logs) {
      this.#held.set(log, new Map());
      this.#avoided.set(log, new Map());
    }
  }

  /** Whether the last heartbeat reached the database. */
  get reachable(): boolean {
    return this.#reachable;
  }

  partitionsOf(log: Log): Partition[] {
    return [...(this.#held.get(log)?.values() ?? [])];
  }

  /** The lowest version that waits in the partitions of this worker, those that it left to others included; null = none. */
  oldestVersionOf(log: Log): number | null {
    const nowMs = this.#options.clock.monotonic();
    const avoided = [...(this.#avoided.get(log)?.values() ?? [])];
    const counted = avoided.filter(({ untilMs }) => nowMs < untilMs + AVOIDED_COUNTS_MS);
    let oldest: number | null = null;
    for (const { oldestVersion } of [...this.partitionsOf(log), ...counted]) {
      if (oldestVersion !== null && (oldest === null || oldestVersion < oldest)) oldest = oldestVersion;
    }
    return oldest;
  }

  /** Of the partitions that are due and that no lane works on, the one that is due longest. */
  next(nowMs: number): Partition | null {
    const first = this.#first();
    return first !== null && first.dueAtMs <= nowMs ? first : null;
  }

  /** How long until a partition is due; infinite when there is none. */
  dueInMs(nowMs: number): number {
    return Math.max(0, (this.#first()?.dueAtMs ?? Number.POSITIVE_INFINITY) - nowMs);
  }

  /** Makes every partition due now. */
  hurry(): void {
    for (const log of this.#logs) {
      for (const partition of this.partitionsOf(log)) partition.dueAtMs = 0;
    }
  }

  /** Heartbeats until the signal is aborted; `onClaimed` is called when there is new work. */
  async run(signal: AbortSignal, onClaimed: () => void): Promise<void> {
    while (!signal.aborted) {
      let reachable = true;
      for (const log of this.#logs) {
        try {
          await this.#beat(log, signal, onClaimed);
        } catch (error) {
          reachable = false;
          this.#emit({ type: "error", operation: "ownership", log: log.name, error: asError(error) });
        }
      }
      this.#reachable = reachable;
      await sleep(this.#options.clock, this.#options.heartbeatMs, signal);
    }
  }

  /** Somebody else owns it: forgets it. */
  lose(partition: Partition): void {
    if (this.#forget(partition)) this.#emit({ type: "fenced", ...partition.place });
  }

  /** Gives it to the other workers for a while, because this one cannot go on with it. */
  async avoid(partition: Partition): Promise<void> {
    const untilMs = this.#options.clock.monotonic() + AVOID_MS;
    const { oldestVersion } = partition;
    this.#avoided.get(partition.log)?.set(partition.claim.partition, { untilMs, oldestVersion });
    await this.giveBack(partition);
  }

  /** Gives it back. If the database does not hear of it, the lease ends by itself. */
  async giveBack(partition: Partition): Promise<void> {
    if (!this.#forget(partition)) return;
    try {
      await this.#ownership.release(partition.log.name, partition.claim);
      this.#emit({ type: "released", ...partition.place });
    } catch (error) {
      this.#emit({ type: "error", operation: "ownership", ...partition.place, error: asError(error) });
    }
  }

  /** Gives everything back that no lane works on, and leaves the count of workers. */
  async releaseAll(): Promise<void> {
    for (const log of this.#logs) {
      const idle = this.partitionsOf(log).filter((partition) => !partition.busy);
      await Promise.all(idle.map((partition) => this.giveBack(partition)));
      await this.#ownership.leave(log.name).catch((error: unknown) => {
        this.#emit({ type: "error", operation: "stop", log: log.name, error: asError(error) });
      });
    }
  }

  async #beat(log: Log, signal: AbortSignal, onClaimed: () => void): Promise<void> {
    // A worker that has to leave partitions to others asks for no share of its own: theirs must hold all of them.
    const aside = this.#avoidedNow(log).length > 0;
    const alive = aside ? await this.#ownership.standAside(log.name) : await this.#ownership.beat(log.name);
    const before = this.partitionsOf(log);
    const ours = await this.#ownership.renew(
      log.name,
      before.map((partition) => partition.claim.partition),
    );
    for (const partition of before) if (!ours.has(partition.claim.partition)) this.lose(partition);

    const share = Math.ceil(log.sink.partitions / alive);
    const staying = this.partitionsOf(log).filter((partition) => !partition.leaving);
    for (const partition of staying.slice(share)) {
      partition.leaving = true;
      // A lane that works on it gives it back after its batch.
      if (!partition.busy) await this.giveBack(partition);
    }
    if (staying.length >= share || signal.aborted) return;
    const claims = await this.#ownership.claim(log.name, share - staying.length, this.#avoidedNow(log));
    for (const claim of claims) {
      const partition = new Partition(log, claim, this.#firstRead(log));
      partition.oldestVersion = this.#avoided.get(log)?.get(claim.partition)?.oldestVersion ?? null;
      this.#avoided.get(log)?.delete(claim.partition);
      this.#held.get(log)?.set(claim.partition, partition);
      this.#emit({ type: "claimed", ...partition.place });
    }
    if (claims.length > 0) onClaimed();
  }

  #avoidedNow(log: Log): number[] {
    const nowMs = this.#options.clock.monotonic();
    return [...(this.#avoided.get(log) ?? [])].flatMap(([partition, { untilMs }]) =>
      nowMs < untilMs ? [partition] : [],
    );
  }

  #firstRead(log: Log): number {
    const safe = Math.floor(FIRST_READ_BYTES / log.record.max_payload_bytes);
    return Math.min(this.#options.batchEventsMax, Math.max(FIRST_READ_EVENTS_MIN, safe));
  }

  #first(): Partition | null {
    let first: Partition | null = null;
    for (const held of this.#held.values()) {
      for (const partition of held.values()) {
        if (partition.busy || partition.leaving) continue;
        if (first === null || partition.dueAtMs < first.dueAtMs) first = partition;
      }
    }
    return first;
  }

  /** False when this claim was no longer held. */
  #forget(partition: Partition): boolean {
    const held = this.#held.get(partition.log);
    const index = partition.claim.partition;
    // The same partition may have been claimed anew meanwhile: only this claim goes.
    return held?.get(index) === partition && held.delete(index);
  }
}
