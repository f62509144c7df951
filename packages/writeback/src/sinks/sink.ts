import type { Entity } from "@cachepact/wire";
import type { Database } from "../database.ts";

/** The full state that a key has from `version` on. */
export interface Upsert {
  /** The encoded key parameters, as in the Redis key after the partition's tag. */
  readonly id: string;
  readonly version: number;
  /** The generation of the contract that wrote it. */
  readonly generation: number;
  /** The value as canonical JSON. */
  readonly document: string;
}

/** The key does not exist from `version` on. */
export interface Removal {
  readonly id: string;
  readonly version: number;
}

/** The head of one partition: each id once, whether upsert or removal. */
export interface SinkBatch {
  readonly log: string;
  readonly partition: number;
  /** The claim under which the batch was read. */
  readonly fence: string;
  /** The highest version among the events that the batch stands for, superseded ones included. */
  readonly top: number;
  /** By how much applying the batch extends the claim. */
  readonly leaseMs: number;
  readonly upserts: readonly Upsert[];
  readonly removals: readonly Removal[];
}

export type SinkResult =
  /** The partition belongs to somebody else: nothing was written. */
  | { readonly held: false }
  /** All of it is written. `newer`: ids that the sink already had at a higher version, and left as they were. */
  | { readonly held: true; readonly newer: ReadonlySet<string> };

/**
 * Where the events of one log go.
 *
 * `apply` must be one atomic step: when the partition's fence is no longer the batch's, nothing changes; else every row
 * whose stored version is lower takes the batch's state, deletions leave a tombstone with their version, and the
 * partition's watermark rises to `top`. Applying a batch twice, or after a later one, must change nothing.
 */
export interface Sink {
  readonly log: string;
  readonly partitions: number;
  /** The contracts whose events it can decode, by generation. An event of another generation stops its partition. */
  readonly entities: ReadonlyMap<number, Entity<object, object>>;
  /** @throws {CachepactError} `E_MIGRATION` when a table is missing or of another shape. */
  check(database: Database): Promise<void>;
  apply(database: Database, batch: SinkBatch): Promise<SinkResult>;
}
