import { CachepactError, type Entity, propertyName } from "@cachepact/wire";
import type { Core, EntityContext } from "./context.ts";
import type { RequestResult } from "./events.ts";
import { isVersioned } from "./loaded.ts";
import { type EntityOptions, resolveEntityOptions } from "./options.ts";
import type { Answer } from "./patterns/answer.ts";
import { invalidate } from "./patterns/cache-aside.ts";
import { ReadThrough } from "./patterns/read-through.ts";
import { WriteBehind, withoutLog } from "./patterns/write-behind.ts";
import { type Persist, writeThrough } from "./patterns/write-through.ts";
import { Background } from "./resilience/background.ts";
import type { Accepted } from "./store/accept-group.ts";
import type { Connection } from "./store/connection.ts";

/** Options of a read. */
export interface ReadOptions {
  /** The token of a write: an older value is never returned. Default: any version will do. */
  readonly minVersion?: number | undefined;
  /** Ends the wait of this caller with the signal's reason; a load that others share goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of an invalidation. */
export interface InvalidateOptions {
  /** The committed version; required when the loader may read a replica. */
  readonly version?: number | undefined;
}

/** A value with where it came from. */
export interface CachedEntry<Value extends object> {
  readonly value: Value | null;
  /** `redis`: a fresh entry. `stale`: an entry within its grace. `database`: the loader. */
  readonly source: "redis" | "stale" | "database";
  /** 0 = the entity has no version. */
  readonly version: number;
  /** Only write-behind: a write that is accepted and not in the database yet may be missing. */
  readonly maybeStale: boolean;
  /**
   * Written under another schema: another release, during a roll. Complete for this release's code, but fields that its
   * schema lacks are gone: never make what you `put` or persist out of it, read the source of truth instead.
   */
  readonly foreign: boolean;
}

/** One entity of a cache. Keys first, options after. */
export interface EntityCache<Key extends object, Value extends object> {
  /**
   * Reads a row: from Redis if it is there, else with the loader. `null` = there is no such row.
   *
   * Never fails because of Redis.
   *
   * @throws {CachepactError} E_MIN_VERSION, E_LOAD_TIMEOUT, E_LOADER; what the loader throws is passed on; E_RANGE, E_OPTION
   *   on a wrong `minVersion`; E_CLOSED; what the contract refuses of the key or of the loaded row (E_TYPE, E_MISSING, …)
   */
  get(key: Key, options?: ReadOptions): Promise<Value | null>;
  /** As `get`, with where the value came from. */
  getEntry(key: Key, options?: ReadOptions): Promise<CachedEntry<Value>>;
  /**
   * Write-through around the caller's commit; see {@link Persist} for what `persist` returns. Success means committed.
   *
   * @throws {CachepactError} E_FENCE (STRONG; nothing was committed), E_UNCONFIRMED (STRONG), E_VERSION, E_LOADER and what
   *   the contract refuses of the committed row (all with `committed: true`); E_PATTERN for an entity with a log; E_SCRIPT,
   *   E_CLOSED; what `persist` throws is passed on
   */
  write(key: Key, persist: Persist<Value>): Promise<{ readonly version: number }>;
  /**
   * Cache-aside: call it after your commit.
   *
   * @throws {CachepactError} E_PENDING: Redis could not be told yet; it is retried in the background. E_VERSION, E_RANGE,
   *   E_OPTION: the version is missing or wrong. E_SCRIPT, E_CLOSED; what the contract refuses of the key
   */
  invalidate(key: Key, options?: InvalidateOptions): Promise<void>;
  /**
   * Write-behind: accepts a full new state, seen at once by every reader, and persisted by a worker. Calls for one row are
   * accepted in their order, awaited or not.
   *
   * @throws {CachepactError} E_FULL, E_UNAVAILABLE (`retryAfterMs`; nothing was accepted), E_UNKNOWN (`op`), E_EVICTION,
   *   E_PATTERN for an entity without a log; E_LOADER when the value belongs to another key; E_SCRIPT, E_CLOSED; what the
   *   contract refuses of the key or the value (E_TYPE, E_SIZE, …)
   */
  put(key: Key, value: Value): Promise<Accepted>;
  /** Write-behind: accepts the deletion of a row. Errors as `put`. */
  remove(key: Key): Promise<Accepted>;
}

/** What the cache does with each of its entities. */
export interface ManagedEntity {
  /** Takes no further call. */
  refuse(): void;
  /** Resolves when every write and invalidation has its answer. */
  idle(): Promise<void>;
  /** Answers what still waits: nothing is sent any more. */
  close(): void;
}

/** Binds one entity to the patterns. */
export class BoundEntity<Key extends object, Value extends object> implements EntityCache<Key, Value>, ManagedEntity {
  readonly #context: EntityContext<Key, Value>;
  readonly #reads: ReadThrough<Key, Value>;
  readonly #behind: WriteBehind<Key, Value> | null;
  readonly #writes = new Background();
  #refused = false;

  constructor(
    core: Core,
    entity: Entity<Key, Value>,
    options: EntityOptions<Key, Value>,
    connection: Connection | null,
  ) {
    const { record } = entity;
    this.#context = {
      core,
      entity,
      record,
      options: resolveEntityOptions(record, options, core.options),
      versionProperty: record.version === null ? null : propertyName(record.version),
    };
    this.#reads = new ReadThrough(this.#context);
    this.#behind = connection === null ? null : new WriteBehind(this.#context, connection);
  }

  async get(key: Key, options?: ReadOptions): Promise<Value | null> {
    return (await this.#read(key, options)).value;
  }

  async getEntry(key: Key, options?: ReadOptions): Promise<CachedEntry<Value>> {
    const { value, source, version, maybeStale, foreign } = await this.#read(key, options);
    return { value, source, version, maybeStale, foreign };
  }

  async write(key: Key, persist: Persist<Value>): Promise<{ readonly version: number }> {
    this.#open();
    return this.#awaited(writeThrough(this.#context, key, persist));
  }

  async invalidate(key: Key, options?: InvalidateOptions): Promise<void> {
    this.#open();
    await this.#awaited(invalidate(this.#context, key, options?.version ?? 0));
  }

  async put(key: Key, value: Value): Promise<Accepted> {
    this.#open();
    return this.#writeBehind().put(key, value);
  }

  async remove(key: Key): Promise<Accepted> {
    this.#open();
    return this.#writeBehind().remove(key);
  }

  refuse(): void {
    this.#refused = true;
  }

  async idle(): Promise<void> {
    await Promise.all([this.#writes.idle(), this.#behind?.idle()]);
  }

  close(): void {
    this.#behind?.close();
  }

  /** A write that `close` waits for. */
  #awaited<T>(write: Promise<T>): Promise<T> {
    this.#writes.run(write);
    return write;
  }

  /** Throws at once what its callers, being async, turn into rejections: one promise less on each hit. */
  #read(key: Key, options: ReadOptions | undefined): Promise<Answer<Value>> {
    this.#open();
    const minVersion = options?.minVersion ?? 0;
    if (minVersion !== 0) this.#checkMinVersion(minVersion);
    const signal = options?.signal;
    signal?.throwIfAborted();
    const reading = this.#reads.read(key, minVersion);
    if (!this.#context.core.events.active && signal === undefined) return reading;
    return this.#observed(signal === undefined ? reading : abortable(reading, signal));
  }

  async #observed(reading: Promise<Answer<Value>>): Promise<Answer<Value>> {
    try {
      const answer = await reading;
      this.#report(answer.result);
      return answer;
    } catch (error) {
      this.#report("error");
      throw error;
    }
  }

  #report(result: RequestResult): void {
    const { core, record } = this.#context;
    if (core.events.active) core.events.emit({ type: "request", entity: record.entity, result });
  }

  #checkMinVersion(minVersion: number): void {
    const { entity } = this.#context.record;
    if (!Number.isSafeInteger(minVersion) || minVersion < 0) {
      throw new CachepactError("E_RANGE", `cannot read ${entity}: minVersion must be a whole number up to 2^53-1`);
    }
    if (!isVersioned(this.#context.record)) {
      throw new CachepactError("E_OPTION", `cannot read ${entity} by minVersion: the contract names no version field`);
    }
  }

  #writeBehind(): WriteBehind<Key, Value> {
    if (this.#behind === null) throw withoutLog(this.#context.record.entity);
    return this.#behind;
  }

  #open(): void {
    if (!this.#refused) return;
    throw new CachepactError(
      "E_CLOSED",
      `cannot use ${this.#context.record.entity}: its cache was closed; create a new one`,
    );
  }
}

/** The result of `promise`, unless the signal comes first. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
