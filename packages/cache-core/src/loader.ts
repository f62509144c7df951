import { CachepactError, type EntryKeys } from "@cachepact/wire";
import type { EntityContext } from "./context.ts";
import { breach, checkBinding, isVersioned, type Loaded, unwrap } from "./loaded.ts";

/** What a loader is told beside the key. */
export interface LoadContext<Value extends object> {
  /** Aborted at the hard deadline: what the loader returns after that is dropped. */
  readonly signal: AbortSignal;
  /** The row must come from the primary: a replica may lag behind a write that is known to be committed. */
  readonly primary: boolean;
  /** The copy that is being refreshed, for conditional requests; absent on a miss. */
  readonly stale?: Value;
}

/**
 * Reads one row from the source of truth. `null` = there is no such row, which is cached for the negative ttl. An error
 * is passed on and never cached. `undefined` is refused (E_LOADER): it is what a forgotten `return` gives.
 */
export type Loader<Key extends object, Value extends object> = (
  key: Key,
  context: LoadContext<Value>,
) => Promise<Value | null | Loaded<Value>>;

/** A row with what is known about it. */
export interface Row<Value extends object> {
  readonly value: Value | null;
  /** 0 = none. */
  readonly version: number;
  readonly ttlMs: number | undefined;
  /** How long the load took, in whole ms, at least 1. */
  readonly costMs: number;
}

/** What one load is for. */
export interface LoadRequest<Key extends object, Value extends object> {
  readonly key: Key;
  readonly keys: EntryKeys;
  readonly primary: boolean;
  readonly stale?: Value | undefined;
  /** Ends the load early, with the signal's reason. */
  readonly until?: AbortSignal | undefined;
}

/**
 * Runs the loader under its hard deadline and checks its answer.
 *
 * @throws {CachepactError} E_LOAD_TIMEOUT; E_LOADER when the answer breaks the loader's contract
 */
export async function runLoader<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  request: LoadRequest<Key, Value>,
): Promise<Row<Value>> {
  const { record, options, core } = context;
  const { clock, events } = core;
  const startedAt = clock.monotonic();
  const elapsed = (): number => clock.monotonic() - startedAt;
  try {
    const answer = await boundedLoad(context, request);
    const costMs = Math.max(1, Math.round(elapsed()));
    const row = rowOf(context, request, answer, costMs);
    const outcome = row.value === null ? "not_found" : "found";
    if (events.active) events.emit({ type: "load", entity: record.entity, outcome, durationMs: elapsed() });
    return row;
  } catch (error) {
    const timedOut = error instanceof LoadTimeout;
    const outcome = timedOut ? "timeout" : "error";
    if (events.active) events.emit({ type: "load", entity: record.entity, outcome, durationMs: elapsed() });
    if (!timedOut) throw error;
    throw new CachepactError(
      "E_LOAD_TIMEOUT",
      `the loader of ${record.entity} did not answer within ${options.loadTimeoutMs} ms; make the query faster, or raise loadTimeoutMs`,
    );
  }
}

class LoadTimeout extends Error {}

function boundedLoad<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  request: LoadRequest<Key, Value>,
): Promise<unknown> {
  const { options, core } = context;
  const abort = new AbortController();
  const { until } = request;
  return new Promise<unknown>((resolve, reject) => {
    const settle = (answer: () => void): void => {
      cancel();
      until?.removeEventListener("abort", stop);
      answer();
    };
    const end = (reason: unknown): void => {
      // The caller is answered first: a loader that fails because of the signal must not hide the reason.
      settle(() => reject(reason));
      abort.abort(reason);
    };
    const stop = (): void => end(until?.reason);
    const cancel = core.clock.schedule(options.loadTimeoutMs, () =>
      end(new LoadTimeout(`no answer within ${options.loadTimeoutMs} ms`)),
    );
    if (until?.aborted === true) return stop();
    until?.addEventListener("abort", stop, { once: true });
    const load = async (): Promise<unknown> =>
      options.load(request.key, {
        signal: abort.signal,
        primary: request.primary,
        ...(request.stale === undefined ? {} : { stale: request.stale }),
      });
    load().then(
      (answer) => settle(() => resolve(answer)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

function rowOf<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  request: LoadRequest<Key, Value>,
  answer: unknown,
  costMs: number,
): Row<Value> {
  const { record } = context;
  const { value, version, ttlMs } = unwrap(context, answer as Value | null | Loaded<Value> | undefined, "the loader");
  if (value === null) return { value, version, ttlMs, costMs };
  if (version === 0 && isVersioned(record)) {
    throw breach(
      record,
      "the loader",
      "a row without its version",
      "select the version, or return loaded(row, { version })",
    );
  }
  checkBinding(context, request.keys, value, "the loader");
  return { value, version, ttlMs, costMs };
}
