import type { LogKeys } from "@cachepact/wire";
import type { PauseReason } from "./events.ts";
import type { Log } from "./log.ts";
import type { Claim } from "./ownership.ts";

/** A partition that this worker holds: what it knows of it between two batches. */
export class Partition {
  readonly log: Log;
  readonly keys: LogKeys;
  /** What events say about it. */
  readonly place: { readonly log: string; readonly partition: number };
  /** The claim under which it is written; its fence rises each time that it is armed. */
  claim: Claim;
  /** The server process that it is armed on; null = arm it before anything else. */
  armedRun: string | null = null;
  /** A lane works on it. */
  busy = false;
  /** To be given back as soon as no lane works on it. */
  leaving = false;
  /** When it is to be looked at next, on the monotonic clock, in ms. */
  dueAtMs = 0;
  /** Failed attempts in a row. */
  failures = 0;
  /** The pause after the next read that finds nothing, in ms. */
  idleMs = 0;
  /** When the state in Redis was last seen to be there, on the monotonic clock, in ms. */
  checkedAtMs = 0;
  /** How many events to read at once. */
  readCount: number;
  /** Events of the batch that was handed to the sink last. */
  batchEvents = 0;
  /** The version at the head of the stream; null = nothing waits. */
  oldestVersion: number | null = null;
  /** Why it stands still; null = it does not. */
  pause: PauseReason | null = null;
  /** Marks up to this version are to be looked at once the stream is past it; null = they were. */
  sweepUpTo: number | null = null;

  constructor(log: Log, claim: Claim, readCount: number) {
    this.log = log;
    this.claim = claim;
    this.keys = log.partitionKeys(claim.partition);
    this.place = { log: log.name, partition: claim.partition };
    this.readCount = readCount;
  }
}
