import type { ErrorCode, MetricLabel } from "@cachepact/wire";

/** A Redis command or script, as metrics name it. */
export type CommandName = MetricLabel<"cachepact_redis_command_errors_total", "command">;
/** Why a command had no usable reply. */
export type CommandFailure = MetricLabel<"cachepact_redis_command_errors_total", "reason">;
/** How a read was answered. */
export type RequestResult = MetricLabel<"cachepact_requests_total", "result">;
/** How a load ended. */
export type LoadOutcome = MetricLabel<"cachepact_load_duration_seconds", "outcome">;
/** What became of the attempt to store a loaded value. */
export type FillResult = MetricLabel<"cachepact_fills_total", "result">;
/** The call that wrote. */
export type WriteOperation = MetricLabel<"cachepact_writes_total", "operation">;
/** How a write or an invalidation ended. */
export type WriteOutcome = MetricLabel<"cachepact_writes_total", "outcome">;

/**
 * All that the core tells about itself: its only output for metrics, logs and traces. No event holds a key or a value.
 *
 * - `request`: a read was answered. `hit`, `negative`, `stale`, `pending`: by Redis. `miss`: by the loader, and offered
 *   to Redis. `bypass`: by the loader, not to be stored. `error`: by the loader, because Redis gave no usable reply, or
 *   not at all: the read failed or its caller went away.
 * - `command`, `command_error`: one Redis command or script had a reply, had none.
 * - `load`: the loader ended. `fill`: what became of the attempt to store its value.
 * - `write`: a write or an invalidation ended. `pending` = Redis could not be told yet.
 * - `decode_failure`: an entry could not be decoded and counts as a miss.
 * - `foreign`: an entry was read that a writer of another schema has written: another release, during a roll.
 * - `quarantine`: the number of keys that this process bypasses has changed.
 */
export type CacheEvent =
  | { readonly type: "request"; readonly entity: string; readonly result: RequestResult }
  | { readonly type: "command"; readonly command: CommandName; readonly durationMs: number }
  | { readonly type: "command_error"; readonly command: CommandName; readonly reason: CommandFailure }
  | { readonly type: "load"; readonly entity: string; readonly outcome: LoadOutcome; readonly durationMs: number }
  | { readonly type: "fill"; readonly entity: string; readonly result: FillResult }
  | {
      readonly type: "write";
      readonly entity: string;
      readonly operation: WriteOperation;
      readonly outcome: WriteOutcome;
    }
  | { readonly type: "decode_failure"; readonly entity: string; readonly code: ErrorCode }
  | { readonly type: "foreign"; readonly entity: string }
  | { readonly type: "quarantine"; readonly size: number };

/** Hears events. An error that it throws becomes a process warning and reaches nobody else. */
export type CacheListener = (event: CacheEvent) => void;

/** Hands events to listeners. Ask `active` before making an event: nobody pays for what nobody hears. */
export class Events {
  /** Whether anybody listens. */
  active = false;
  #listeners: readonly CacheListener[] = [];

  /** Adds a listener; the returned function removes it. The same function may be added twice. */
  on(listener: CacheListener): () => void {
    const entry: CacheListener = (event) => listener(event);
    this.#listeners = [...this.#listeners, entry];
    this.active = true;
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
      this.active = this.#listeners.length > 0;
    };
  }

  emit(event: CacheEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // An observer must not change what it observes: a failing listener costs a warning, not a read.
        process.emitWarning(error instanceof Error ? error : String(error), { type: "CachepactListenerWarning" });
      }
    }
  }
}
