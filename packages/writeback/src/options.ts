import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { type Clock, type Random, systemClock, systemRandom } from "@cachepact/cache-core";
import { CachepactError, checkNamespace, isCachepactError } from "@cachepact/wire";
import type { Pool } from "pg";
import type { WorkerListener } from "./events.ts";
import type { Sink } from "./sinks/sink.ts";

/** Four batches in flight drain about a third faster than one; more gain nothing on one Postgres. */
export const DEFAULT_CONCURRENCY = 4;
/** Rows of one statement: larger ones are not faster and hold their locks longer. */
export const DEFAULT_BATCH_EVENTS_MAX = 500;
/** Payload bytes of one statement. */
export const DEFAULT_BATCH_BYTES_MAX: number = 1024 * 1024;
/** How long a killed worker's partitions wait for another one. A living one renews five times as often. */
export const DEFAULT_LEASE_MS = 3_000;
/** Heartbeats, renewals and the balance of partitions. */
export const DEFAULT_HEARTBEAT_MS = 600;
/** Pause after a read that did not fill a batch: what arrives meanwhile is written together. */
export const DEFAULT_POLL_MS = 10;
/** Longest pause between two reads of an empty partition; the pause doubles up to it. */
export const DEFAULT_IDLE_POLL_MS = 100;
/** The latest moment at which `stop()` returns. What is not written then stays in Redis for the next worker. */
export const DEFAULT_STOP_TIMEOUT_MS = 10_000;

export interface WorkerOptions {
  /** URL of the Redis that holds the logs: `redis://[user:password@]host[:port][/db]`, or `rediss://`. */
  readonly redis: string;
  /** The namespace of the caches that write. Default: none. */
  readonly namespace?: string;
  /** The database of the sinks: a pool, which stays the caller's to end, or a URL. */
  readonly postgres: Pool | string;
  /** One for each log. */
  readonly sinks: readonly Sink[];
  /** Names this worker in `wb_part.owner`. Default: host, process and eight random digits; two workers never share one. */
  readonly id?: string;
  /** Batches in flight, each on a Redis connection of its own. Default 4. A pool that is passed in needs two more. */
  readonly concurrency?: number;
  /** Default 500. */
  readonly batchEventsMax?: number;
  /** Default 1 MiB. A single larger value is written alone. */
  readonly batchBytesMax?: number;
  /** Default 3000. Too short, and a slow machine loses its partitions to its neighbours, which costs time, not data. */
  readonly leaseMs?: number;
  /** Default 600. At most a third of `leaseMs`. */
  readonly heartbeatMs?: number;
  /** Default 10. */
  readonly pollMs?: number;
  /** Default 100. */
  readonly idlePollMs?: number;
  /** Bytes of backlog that one log may have in Redis before writes are refused. Default: a quarter of maxmemory, else 256 MB. */
  readonly logLimitBytes?: number;
  /** Default 10,000. */
  readonly stopTimeoutMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly onEvent?: WorkerListener;
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly redis: string;
  readonly namespace: string;
  readonly postgres: Pool | string;
  readonly sinks: readonly Sink[];
  readonly id: string;
  readonly concurrency: number;
  readonly batchEventsMax: number;
  readonly batchBytesMax: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly pollMs: number;
  readonly idlePollMs: number;
  readonly logLimitBytes: number | null;
  readonly stopTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: WorkerListener | null;
}

/** @throws {CachepactError} `E_OPTION` with every problem. */
export function resolveOptions(options: WorkerOptions): ResolvedOptions {
  const problems: string[] = [];
  const count = (name: keyof WorkerOptions, fallback: number, least = 1): number => {
    const given = options[name] ?? fallback;
    if (typeof given === "number" && Number.isSafeInteger(given) && given >= least) return given;
    problems.push(`${name} is ${JSON.stringify(given)}; give a whole number from ${least} up`);
    return fallback;
  };

  if (!/^rediss?:\/\//.test(options.redis)) problems.push("redis is not a redis:// or rediss:// URL");
  if (typeof options.postgres === "string" && !/^postgres(ql)?:\/\//.test(options.postgres)) {
    problems.push("postgres is neither a pool nor a postgres:// URL");
  }
  const namespace = options.namespace ?? "";
  try {
    checkNamespace(namespace);
  } catch (error) {
    if (!isCachepactError(error)) throw error;
    problems.push(`namespace: ${error.message}`);
  }
  if (options.sinks.length === 0) problems.push("sinks is empty; give one for each log");
  const logs = options.sinks.map((sink) => sink.log);
  for (const log of new Set(logs.filter((name, i) => logs.indexOf(name) !== i))) {
    problems.push(`sinks holds log ${log} more than once; one log has one sink`);
  }
  if (options.id === "") problems.push("id is empty; leave it out, or give a name that no other worker has");

  const leaseMs = count("leaseMs", DEFAULT_LEASE_MS);
  const heartbeatMs = count("heartbeatMs", DEFAULT_HEARTBEAT_MS);
  if (heartbeatMs * 3 > leaseMs) {
    problems.push(
      `heartbeatMs is ${heartbeatMs}; at most a third of leaseMs (${leaseMs}), so that one lost heartbeat costs nothing`,
    );
  }
  const pollMs = count("pollMs", DEFAULT_POLL_MS);
  const resolved: ResolvedOptions = {
    redis: options.redis,
    namespace,
    postgres: options.postgres,
    sinks: options.sinks,
    id: options.id ?? `${hostname()}/${process.pid}/${randomBytes(4).toString("hex")}`,
    concurrency: count("concurrency", DEFAULT_CONCURRENCY),
    batchEventsMax: count("batchEventsMax", DEFAULT_BATCH_EVENTS_MAX),
    batchBytesMax: count("batchBytesMax", DEFAULT_BATCH_BYTES_MAX),
    leaseMs,
    heartbeatMs,
    pollMs,
    idlePollMs: Math.max(pollMs, count("idlePollMs", DEFAULT_IDLE_POLL_MS)),
    logLimitBytes: options.logLimitBytes === undefined ? null : count("logLimitBytes", 1),
    stopTimeoutMs: count("stopTimeoutMs", DEFAULT_STOP_TIMEOUT_MS),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    onEvent: options.onEvent ?? null,
  };
  if (problems.length > 0) {
    throw new CachepactError("E_OPTION", `starting a worker: ${problems.join("; ")}`, { problems });
  }
  return resolved;
}
