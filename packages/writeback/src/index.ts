/** The write-behind worker: carries accepted writes from Redis to a database, exactly once in effect. */

export type { Database } from "./database.ts";
export type { ArmedState, PauseReason, WorkerEvent, WorkerListener } from "./events.ts";
export { type Migration, migrate, migrations } from "./migrate.ts";
export {
  DEFAULT_BATCH_BYTES_MAX,
  DEFAULT_BATCH_EVENTS_MAX,
  DEFAULT_CONCURRENCY,
  DEFAULT_HEARTBEAT_MS,
  DEFAULT_IDLE_POLL_MS,
  DEFAULT_LEASE_MS,
  DEFAULT_POLL_MS,
  DEFAULT_STOP_TIMEOUT_MS,
  type WorkerOptions,
} from "./options.ts";
export { type TableOptions, table } from "./sinks/postgres-table.ts";
export type { Removal, Sink, SinkBatch, SinkResult, Upsert } from "./sinks/sink.ts";
export { type LogStatus, runWorker, type Worker, type WorkerStatus } from "./worker.ts";
