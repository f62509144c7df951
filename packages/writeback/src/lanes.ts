import { setMaxListeners } from "node:events";
import type { Balance } from "./balance.ts";
import { classifyFailure, sqlState, tookTooLong } from "./database.ts";
import { type DrainContext, type Drained, drain } from "./drain.ts";
import { asError, type PauseReason } from "./events.ts";
import type { Partition } from "./partition.ts";
import type { RedisConnection, ServerFacts } from "./redis.ts";
import { sleep, spread } from "./sleep.ts";

/** The wait after a first failure, spread by half: 25 to 75 ms. It doubles with each further one. */
const RETRY_MS = 50;
const RETRY_MAX_MS = 1_000;
/** The wait before a partition that stands still is tried again; doubles. */
const PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 10_000;

export interface LanesContext extends DrainContext {
  readonly pollMs: number;
  readonly idlePollMs: number;
}

/** As many batches in flight as there are connections: each lane takes the partition that is due longest. */
export class Lanes {
  readonly #balance: Balance;
  readonly #connections: readonly RedisConnection[];
  readonly #context: LanesContext;
  #waking: AbortController;

  constructor(balance: Balance, connections: readonly RedisConnection[], context: LanesContext) {
    this.#balance = balance;
    this.#connections = connections;
    this.#context = context;
    this.#waking = this.#newBell();
  }

  /** Ends the waiting of all lanes: there may be something to do. */
  wake(): void {
    this.#waking.abort();
    this.#waking = this.#newBell();
  }

  /** Works until the signal is aborted, and then to the end of the batches in flight. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.wake(), { once: true });
    await Promise.all(this.#connections.map((connection) => this.#lane(connection, signal)));
  }

  #newBell(): AbortController {
    const bell = new AbortController();
    // Every lane may wait for it, which Node would take for a leak.
    setMaxListeners(this.#connections.length, bell.signal);
    return bell;
  }

  async #lane(connection: RedisConnection, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    while (!signal.aborted) {
      const { facts } = connection;
      // Without a server there is nothing to do; the connection wakes the lanes when it is back.
      const partition = facts === null ? null : this.#balance.next(clock.monotonic());
      if (facts !== null && partition !== null) {
        await this.#work(partition, connection, facts);
      } else {
        const waitMs = facts === null ? RETRY_MAX_MS : Math.min(this.#balance.dueInMs(clock.monotonic()), RETRY_MAX_MS);
        await sleep(clock, waitMs, this.#waking.signal);
      }
    }
  }

  async #work(partition: Partition, connection: RedisConnection, facts: ServerFacts): Promise<void> {
    partition.busy = true;
    try {
      await this.#settle(partition, await drain(partition, connection, facts, this.#context));
    } catch (error) {
      this.#fail(partition, asError(error));
    }
    partition.busy = false;
    if (partition.leaving) await this.#balance.giveBack(partition);
    // It may be due at once, and another lane may be free for it.
    this.wake();
  }

  async #settle(partition: Partition, drained: Drained): Promise<void> {
    const { clock, pollMs, idlePollMs, emit } = this.#context;
    switch (drained.outcome) {
      case "fenced":
        this.#balance.lose(partition);
        return;
      case "blocked": {
        const { obstacle } = drained;
        if (obstacle.kind === "undecodable") return this.#pause(partition, "undecodable", obstacle.key, obstacle.error);
        const { kind, generation } = obstacle;
        emit({ type: kind, ...partition.place, generation });
        // A worker of a newer release may know it.
        await this.#balance.avoid(partition);
        return;
      }
      case "empty":
      case "written": {
        if (partition.pause !== null) emit({ type: "resumed", ...partition.place });
        partition.pause = null;
        partition.failures = 0;
        const empty = drained.outcome === "empty";
        partition.idleMs = empty ? Math.min(idlePollMs, Math.max(pollMs, partition.idleMs * 2)) : pollMs;
        partition.dueAtMs = clock.monotonic() + (drained.outcome === "written" && drained.more ? 0 : partition.idleMs);
      }
    }
  }

  #fail(partition: Partition, error: Error): void {
    // Whatever failed, nothing is assumed about what happened: the next attempt begins with arming.
    partition.armedRun = null;
    const failure = classifyFailure(error);
    if (failure !== "transient") {
      this.#pause(partition, failure, null, describeRefusal(error));
      return;
    }
    // Else a table that is slow for a while would see the same batch again and again, and time it out each time.
    if (tookTooLong(error)) {
      partition.readCount = Math.max(1, Math.floor(Math.min(partition.readCount, partition.batchEvents) / 2));
    }
    partition.failures += 1;
    const waitMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(partition.failures - 1, 10));
    partition.dueAtMs = this.#context.clock.monotonic() + spread(this.#context.random, waitMs);
    this.#context.emit({ type: "error", operation: "batch", ...partition.place, error });
  }

  /** Lets a partition stand. It stays ours, so that Redis goes on accepting for it, and is tried again now and then. */
  #pause(partition: Partition, reason: PauseReason, key: string | null, error: Error): void {
    if (partition.pause === null) partition.failures = 0;
    partition.pause = reason;
    partition.failures += 1;
    const waitMs = Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** Math.min(partition.failures - 1, 10));
    partition.dueAtMs = this.#context.clock.monotonic() + spread(this.#context.random, waitMs);
    this.#context.emit({ type: "paused", ...partition.place, reason, key, error });
  }
}

/** What Postgres said, without its detail and context: they may hold the value. */
function describeRefusal(error: Error): Error {
  const state = sqlState(error) ?? "unknown";
  const constraint =
    "constraint" in error && typeof error.constraint === "string" ? `, constraint ${error.constraint}` : "";
  // Class 42 names tables, columns and rights only.
  const said = state.startsWith("42") ? ` (${error.message})` : "";
  return new Error(
    `writing a batch: Postgres refused it with SQLSTATE ${state}${constraint}${said}; ` +
      "its events stay in Redis until the table accepts them",
  );
}
