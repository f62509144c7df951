import { CachepactError, isCachepactError } from "@cachepact/wire";
import { Balance } from "./balance.ts";
import { Database } from "./database.ts";
import { asError, type WorkerEvent, type WorkerListener } from "./events.ts";
import { Lanes } from "./lanes.ts";
import { Log } from "./log.ts";
import { type ResolvedOptions, resolveOptions, type WorkerOptions } from "./options.ts";
import { Ownership } from "./ownership.ts";
import { preflight } from "./preflight.ts";
import { RedisConnection, type ServerFacts } from "./redis.ts";
import { sleep } from "./sleep.ts";

/** Wait between two attempts to start while Postgres does not answer. */
export const START_RETRY_MS = 500;
/** Kept of the stop timeout for closing connections. */
const CLOSE_TIMEOUT_MS = 500;

/** How one log stands in this worker. */
export interface LogStatus {
  readonly log: string;
  readonly partitionsOwned: number;
  /** Partitions that stand still until somebody repairs the cause. */
  readonly partitionsPaused: number;
  /**
   * Age of the oldest event that is not written, as far as this worker has seen: over the partitions that it owns, and
   * those that it gave back because it cannot go on with them. 0 = none waits.
   */
  readonly oldestAgeMs: number;
}

export interface WorkerStatus {
  /** Redis answers on every connection. */
  readonly redis: boolean;
  /** The last heartbeat reached Postgres. */
  readonly postgres: boolean;
  readonly logs: readonly LogStatus[];
}

/** A running write-behind worker. Any number may run on the same logs; they share the partitions. */
export interface Worker {
  /** What `wb_part.owner` holds for its partitions. */
  readonly id: string;
  /**
   * Settles when the worker has ended: after `stop()`, or at its start with what a repetition cannot heal.
   *
   * Rejects with `E_MIGRATION` (a table is missing), `E_OPTION` (another number of partitions, `synchronous_commit` off) or
   * `E_EVICTION` (Redis may evict unwritten values). Everything else is retried for ever and reported as an event.
   */
  readonly done: Promise<void>;
  /** Finishes the batches in flight, gives the partitions back, closes; at the latest after `stopTimeoutMs`. */
  stop(): Promise<void>;
  /** Adds a listener; the result removes it. */
  on(listener: WorkerListener): () => void;
  status(): WorkerStatus;
}

/**
 * Starts a worker that carries accepted writes from Redis to the sinks until it is stopped.
 *
 * @throws {CachepactError} `E_OPTION` with every problem of the options.
 */
export function runWorker(options: WorkerOptions): Worker {
  return new RunningWorker(resolveOptions(options));
}

class RunningWorker implements Worker {
  readonly id: string;
  readonly done: Promise<void>;
  readonly #options: ResolvedOptions;
  readonly #listeners = new Set<WorkerListener>();
  readonly #logs: readonly Log[];
  readonly #connections: readonly RedisConnection[];
  readonly #database: Database;
  readonly #ownership: Ownership;
  readonly #balance: Balance;
  readonly #lanes: Lanes;
  readonly #stopping = new AbortController();
  /** Why the worker cannot go on; the reason of `#stopping` when it is not `stop()`. */
  #fatal: CachepactError | null = null;
  #seenRedis = false;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.id = options.id;
    if (options.onEvent !== null) this.#listeners.add(options.onEvent);
    const emit = (event: WorkerEvent): void => this.#emit(event);
    this.#logs = options.sinks.map((sink) => new Log(sink, options.namespace));
    // Beside the lanes: one for the heartbeat, and one to spare while a connection that hangs is given up.
    this.#database = new Database(options.postgres, options.concurrency + 2, (error) =>
      emit({ type: "error", operation: "ownership", error }),
    );
    this.#ownership = new Ownership(this.#database, options.id, options.leaseMs);
    const connection = (): RedisConnection =>
      new RedisConnection(options.redis, options.clock, options.random, {
        onReady: (facts) => this.#onRedis(facts),
        onError: (error) => emit({ type: "error", operation: "redis", error }),
      });
    this.#connections = Array.from({ length: options.concurrency }, connection);
    this.#balance = new Balance(this.#ownership, this.#logs, options, emit);
    const context = { ...options, database: this.#database, ownership: this.#ownership, emit };
    this.#lanes = new Lanes(this.#balance, this.#connections, context);
    this.done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    // Why it could not start is for those who wait for `done`.
    await this.done.catch(() => undefined);
  }

  on(listener: WorkerListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  status(): WorkerStatus {
    // While Redis is away the clock of a former connection goes on: so does the age of what waits.
    const connected = this.#connections.find((connection) => connection.facts !== null);
    const clocks = [connected, ...this.#connections].map((connection) => connection?.serverTimeMs() ?? null);
    const nowMs = clocks.find((time) => time !== null) ?? 0;
    return {
      redis: this.#connections.every((connection) => connection.facts !== null),
      postgres: this.#balance.reachable,
      logs: this.#logs.map((log) => {
        const owned = this.#balance.partitionsOf(log);
        const oldest = this.#balance.oldestVersionOf(log);
        return {
          log: log.name,
          partitionsOwned: owned.length,
          partitionsPaused: owned.filter((partition) => partition.pause !== null).length,
          // Versions are microseconds of the partition's clock, which is Redis' clock but for a correction.
          oldestAgeMs: oldest === null ? 0 : Math.max(0, nowMs - oldest / 1_000),
        };
      }),
    };
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      if (await this.#prepare(signal)) {
        for (const connection of this.#connections) connection.open();
        await this.#work(signal);
      }
    } finally {
      for (const connection of this.#connections) connection.close();
      await this.#within(this.#database.close(), CLOSE_TIMEOUT_MS);
    }
    if (this.#fatal !== null) throw this.#fatal;
  }

  /** Checks what only a person can repair; false when it was stopped meanwhile. */
  async #prepare(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        await preflight(this.#database, this.#ownership, this.#logs);
        return !signal.aborted;
      } catch (error) {
        if (isCachepactError(error)) throw error;
        this.#emit({ type: "error", operation: "start", error: asError(error) });
        await sleep(this.#options.clock, START_RETRY_MS, signal);
      }
    }
    return false;
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { stopTimeoutMs, clock } = this.#options;
    const work = Promise.all([this.#balance.run(signal, () => this.#lanes.wake()), this.#lanes.run(signal)]);
    // A lane ends only when told to; if one fails it is a bug, and the worker must not go on with fewer.
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([work, stopped]);
    const deadlineMs = clock.monotonic() + stopTimeoutMs - CLOSE_TIMEOUT_MS;
    await this.#within(work, deadlineMs - clock.monotonic());
    await this.#within(this.#balance.releaseAll(), deadlineMs - clock.monotonic());
  }

  #onRedis(facts: ServerFacts): void {
    if (facts.evictionPolicy.startsWith("allkeys-")) {
      const error = new CachepactError(
        "E_EVICTION",
        `draining ${this.#logs.map((log) => log.name).join(", ")}: Redis runs with maxmemory-policy ${facts.evictionPolicy} ` +
          "and may evict writes that are not in the database; set noeviction or volatile-lfu",
      );
      // Later on, what is there already had better be written than left to be evicted.
      if (!this.#seenRedis) this.#fatal = error;
      this.#emit({ type: "error", operation: "redis", error });
      if (this.#fatal !== null) this.#stopping.abort();
    }
    this.#seenRedis = true;
    // Until they are armed on this server process, its partitions refuse writes: no pause is worth waiting for.
    this.#balance.hurry();
    this.#lanes.wake();
  }

  /** Waits for `promise`, at most `ms`. */
  async #within(promise: Promise<unknown>, ms: number): Promise<void> {
    const timer = new AbortController();
    const limit = sleep(this.#options.clock, Math.max(0, ms), timer.signal);
    await Promise.race([promise, limit]);
    timer.abort();
  }

  #emit(event: WorkerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
