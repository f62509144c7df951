import { CachepactError, type EntityRecord, type EntryKeys, isCachepactError } from "@cachepact/wire";
import { Fence } from "../coalescing/fence.ts";
import { type EntityContext, liveKeys } from "../context.ts";
import type { WriteOutcome } from "../events.ts";
import { lifetime, negativeLifetime } from "../expiration/ttl.ts";
import { checkBinding, isVersioned, type Loaded, unwrap } from "../loaded.ts";
import { deliver, refuseBadArguments } from "../resilience/delivery.ts";
import type { FinishCode, Storing } from "../store/scripts.ts";
import { storingOf } from "../store/storing.ts";

/** What `persist` is told. */
export interface WriteContext {
  /** Aborted when the write's fence is lost: roll back if you still can. */
  readonly signal: AbortSignal;
}

/**
 * Commits a write in the source of truth and gives the committed row, which is then stored; `null` when the row was
 * deleted; `undefined` to invalidate only. `loaded(null, { version })` names the version that the deleted row had.
 */
export type Persist<Value extends object> = (
  context: WriteContext,
) => Promise<Value | null | undefined | Loaded<Value>>;

/** What `persist` committed, as the entry will see it. */
interface Committed {
  readonly version: number;
  /** Null = nothing to store, only to delete. */
  readonly storing: Storing | null;
  /** Why the answer of `persist` cannot be used; the commit stands. */
  readonly problem: CachepactError | null;
}

/**
 * Write-through: sets a fence, runs `persist`, stores what it committed. Success means committed, and the cache is never
 * newer than the source of truth.
 *
 * When the fence cannot be set, an EVENTUAL entity commits all the same and is invalidated as soon as Redis can be told;
 * a STRONG one refuses before the commit.
 *
 * @throws {CachepactError} E_PATTERN for an entity with a log; E_FENCE nothing was committed; E_UNCONFIRMED, E_VERSION,
 *   E_LOADER and encoding errors with `committed: true`. What `persist` throws is passed on.
 */
export async function writeThrough<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  key: Key,
  persist: Persist<Value>,
): Promise<{ readonly version: number }> {
  const { record } = context;
  if (record.log !== null) {
    throw new CachepactError("E_PATTERN", `cannot write ${record.entity} through: it has a log; use put and remove`);
  }
  const targets = liveKeys(context, key);
  const fences = targets.map((keys) => new Fence(context, keys));
  try {
    return await writeFenced(context, targets[0], fences, persist);
  } finally {
    for (const fence of fences) fence.stop();
  }
}

async function writeFenced<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  keys: EntryKeys,
  fences: readonly Fence<Key, Value>[],
  persist: Persist<Value>,
): Promise<{ readonly version: number }> {
  const { record } = context;
  const strong = record.consistency === "strong";
  const abort = new AbortController();
  const lost = (): void =>
    abort.abort(new CachepactError("E_FENCE", `the fence of this write of ${record.entity} was lost; roll back`));
  const begun = await Promise.allSettled(fences.map((fence) => fence.begin(lost)));
  const refused = begun.find((result) => result.status === "rejected");
  const fenced = begun.every((result) => result.status === "fulfilled" && result.value);
  if (refused !== undefined || (strong && !fenced)) {
    // Nothing was committed: one message to take down what may stand is enough, a fence that is left lapses by itself.
    const { background, scripts } = context.core;
    for (const fence of fences) background.run(scripts.finish(record, fence.keys, fence.finish(0)));
    report(context, "refused");
    if (refused !== undefined) throw refused.reason;
    throw new CachepactError(
      "E_FENCE",
      `the write of a STRONG ${record.entity} could not set its fence: Redis did not answer; nothing was committed, try again`,
      { committed: false },
    );
  }

  let answer: Awaited<ReturnType<Persist<Value>>>;
  try {
    answer = await persist({ signal: abort.signal });
  } catch (error) {
    // The commit may have happened all the same, its answer lost: end the write as if it had.
    await Promise.allSettled(fences.map((fence) => end(context, fence, 0)));
    report(context, "error");
    throw error;
  }
  const aliveAtCommit = fences.every((fence) => fence.alive);
  const committed = evaluate(context, keys, answer);
  const codes = await Promise.all(
    fences.map((fence, index) => end(context, fence, committed.version, index === 0 ? committed.storing : null)),
  );
  const confirmed = !codes.includes(null);
  if (committed.problem !== null) {
    report(context, "error");
    throw committed.problem;
  }
  if (strong && !confirmed && !aliveAtCommit) {
    report(context, "unknown");
    throw new CachepactError(
      "E_UNCONFIRMED",
      `the write of a STRONG ${record.entity} was committed, but its fence had lapsed and Redis did not confirm its end; do not repeat it, readers may see the older value until its ttl`,
      { committed: true },
    );
  }
  report(context, confirmed ? OUTCOMES[codes[0] ?? "DELETED"] : "pending");
  return { version: committed.version };
}

const OUTCOMES: Readonly<Record<FinishCode, WriteOutcome>> = {
  STORED: "stored",
  DELETED: "deleted",
  KEPT: "kept",
  // A write-behind value took the key meanwhile: it is newer than this write and stays.
  DIRTY: "kept",
};

/** Ends one fence: stores the value if this writer may, else deletes. Null = not acknowledged, quarantined. */
async function end<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  fence: Fence<Key, Value>,
  version: number,
  storing: Storing | null = null,
): Promise<FinishCode | null> {
  const finish = fence.finish(version);
  if (storing !== null && fence.mayStore && context.options.enabled()) {
    try {
      return await context.core.scripts.store(context.record, fence.keys, finish, storing);
    } catch (error) {
      refuseBadArguments(error, "store");
      // Never sent again, because it carries a value; the same end without the value may be.
    }
  }
  return deliver(context, fence.keys, finish);
}

function evaluate<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  keys: EntryKeys,
  answer: Value | null | undefined | Loaded<Value>,
): Committed {
  const { record, core } = context;
  const nothing = { version: 0, storing: null, problem: null };
  try {
    if (answer === undefined) return record.replica_reads ? { ...nothing, problem: versionMissing(record) } : nothing;
    const { value, version, ttlMs } = unwrap(context, answer, "persist");
    if (value === null) {
      if (version === 0 && record.replica_reads) return { ...nothing, problem: versionMissing(record) };
      // One above the deleted row's: a lagging replica that still has the row must be refused.
      const deleted = version === 0 ? 0 : version + 1;
      return {
        version: deleted,
        storing: storingOf(context, null, 0, 0, negativeLifetime(record, ttlMs)),
        problem: null,
      };
    }
    if (version === 0 && isVersioned(record)) return { ...nothing, problem: versionMissing(record) };
    checkBinding(context, keys, value, "persist");
    const life = lifetime(record, core.random, { ttlMs });
    return { version, storing: storingOf(context, value, version, 0, life), problem: null };
  } catch (error) {
    if (!isCachepactError(error)) throw error;
    return { ...nothing, problem: afterCommit(error) };
  }
}

function versionMissing(record: EntityRecord): CachepactError {
  return new CachepactError(
    "E_VERSION",
    `the write of a ${record.entity} was committed, but persist did not return its version; the entry was invalidated. Return the committed row, or loaded(null, { version }) after a delete`,
    { committed: true },
  );
}

/** The same error, saying that the caller's own transaction stands. */
function afterCommit(error: CachepactError): CachepactError {
  const message = error.message.slice(error.code.length + 2);
  return new CachepactError(error.code, message, { cause: error, field: error.field, committed: true });
}

function report<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  outcome: WriteOutcome,
): void {
  const { core, record } = context;
  if (core.events.active) core.events.emit({ type: "write", entity: record.entity, operation: "write", outcome });
}
