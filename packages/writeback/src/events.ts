/** Whose state Redis held when a partition was armed. */
export type ArmedState =
  /** The first time ever: there was nothing to hold. */
  | "new"
  /** Armed by this server process already. */
  | "same"
  /** Another server process with all of the state: a restart or a failover that lost nothing. */
  | "restarted"
  /** An older state than the database has seen: a tail of accepted writes is gone. Alarm. */
  | "older"
  /** No state: Redis was emptied, or the stream or its metadata deleted. Alarm. */
  | "loss";

/** Why a partition stands still until somebody repairs the cause. Its events are kept. */
export type PauseReason =
  /** The event at its head cannot be decoded. */
  | "undecodable"
  /** The database refuses what a row holds (SQLSTATE class 22 or 23). */
  | "refused"
  /** The database refuses the statement itself: a missing table, column or permission. */
  | "database";

interface OfPartition {
  readonly log: string;
  readonly partition: number;
}

/**
 * What a worker reports. Listeners are called inside the worker's own steps: they must return quickly and not throw.
 *
 * In the order of one batch: `claimed`, `armed`, `read`, `committed`, `batch` (acknowledged).
 */
export type WorkerEvent =
  | (OfPartition & { readonly type: "claimed" | "released" })
  /** Another worker took the partition; nothing that this one still had in hand was written. */
  | (OfPartition & { readonly type: "fenced" })
  | (OfPartition & {
      readonly type: "armed";
      readonly state: ArmedState;
      readonly epoch: number;
      readonly dirty: number;
    })
  | (OfPartition & { readonly type: "read"; readonly events: number })
  /** The statement is committed, Redis does not know it yet. */
  | (OfPartition & { readonly type: "committed"; readonly rows: number })
  /** A batch is written and acknowledged. `superseded`: a later event or a newer row made the event needless. */
  | (OfPartition & {
      readonly type: "batch";
      readonly applied: number;
      readonly superseded: number;
      readonly durationMs: number;
    })
  /** `key` is a hash: keys may name persons. `null` when the cause is no single event. */
  | (OfPartition & {
      readonly type: "paused";
      readonly reason: PauseReason;
      readonly key: string | null;
      readonly error: Error;
    })
  | (OfPartition & { readonly type: "resumed" })
  /** The head of the stream belongs to a generation that this release does not know: deploy one that does. */
  | (OfPartition & { readonly type: "unknown_generation"; readonly generation: number })
  /** The head of the stream has fields that this release does not know, and would lose: deploy one that does. */
  | (OfPartition & { readonly type: "unknown_fields"; readonly generation: number })
  /** Marks of writes whose events are gone were cleared, so that the keys can be cached again. */
  | (OfPartition & { readonly type: "marks_cleared"; readonly marks: number })
  /** A step failed and is repeated. `partition` is absent when it concerns the whole worker. */
  | {
      readonly type: "error";
      readonly operation: "start" | "ownership" | "batch" | "redis" | "stop";
      readonly log?: string;
      readonly partition?: number;
      readonly error: Error;
    };

export type WorkerListener = (event: WorkerEvent) => void;

/** What was thrown, as an event carries it. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
