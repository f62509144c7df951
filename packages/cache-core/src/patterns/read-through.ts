import { type Entry, type EntryKeys, entryKeys, isCachepactError } from "@cachepact/wire";
import { sleep } from "../clock.ts";
import { checkMinVersion, type Grant, loadUnderLease } from "../coalescing/leased-load.ts";
import { type Flight, SingleFlight } from "../coalescing/single-flight.ts";
import type { EntityContext } from "../context.ts";
import type { RequestResult } from "../events.ts";
import { runLoader } from "../loader.ts";
import { spread } from "../random.ts";
import { Backoff, DEFAULT_BACKOFF_MS } from "../resilience/backoff.ts";
import { decodeOrNull, digestOf, fits } from "../store/decoding.ts";
import type { Acquired } from "../store/scripts.ts";
import { TransportError } from "../store/transport-error.ts";
import { type Answer, fromEntry, fromRow } from "./answer.ts";
import { readPending } from "./pending.ts";

/** Pauses between the looks of a caller that waits for another process's load, in ms, before half is added or taken. */
const WAIT_POLLS_MS: readonly number[] = [10, 20, 40, 80];
/** A SHA-1 in hex: what `seen` holds after bytes that could not be decoded. */
const DIGEST_LENGTH = 40;

/** One read that Redis could not answer at once. */
interface Miss<Key extends object> {
  readonly key: Key;
  readonly keys: EntryKeys;
  readonly minVersion: number;
}

/** A load whose value is not to be stored. */
interface Unstored {
  readonly result: RequestResult;
  /** The floor that Redis told; undefined = it told none. */
  readonly floor?: number;
  readonly maybeStale?: boolean;
  /** Default: as the floor and the caller's token demand. */
  readonly primary?: boolean;
}

/**
 * Read-through: a fresh entry is one GET. A stale one within its grace is answered at once and refreshed behind the
 * caller's back. A miss joins the flight of its key in this process, whose leader asks Redis for the right to load.
 *
 * A read never fails because of Redis: whatever goes wrong there, the loader answers.
 */
export class ReadThrough<Key extends object, Value extends object> {
  readonly #context: EntityContext<Key, Value>;
  readonly #flights = new SingleFlight<Answer<Value>>();
  readonly #refreshing = new Set<string>();
  readonly #backoff: Backoff;

  constructor(context: EntityContext<Key, Value>) {
    this.#context = context;
    this.#backoff = new Backoff(context.core.clock, context.core.random);
  }

  /**
   * Reads one row of at least `minVersion` (0 = any).
   *
   * @throws {CachepactError} E_MIN_VERSION, E_LOAD_TIMEOUT, E_LOADER; what the loader throws is passed on
   */
  async read(key: Key, minVersion: number): Promise<Answer<Value>> {
    const { record, core, options } = this.#context;
    // Before anything is read: what this caller may share with others depends on when it started.
    const started = this.#flights.start();
    const keys = entryKeys(record, core.namespace, key);
    if (!options.enabled() || core.quarantine.covers(record.entity, keys.value)) {
      return this.#withoutRedis(started, { key, keys, minVersion }, "bypass");
    }
    let bytes: Buffer | null;
    try {
      bytes = await core.transport.get(keys.value);
    } catch {
      return this.#withoutRedis(started, { key, keys, minVersion }, "error");
    }
    let seen = "";
    if (bytes !== null) {
      const entry = decodeOrNull(this.#context, bytes, key);
      if (entry === null) seen = digestOf(bytes);
      else if (fits(entry, minVersion)) {
        if (!this.#isStale(entry)) return fromEntry(entry);
        const { value, version, foreign } = entry;
        // A loader may give the stale value back when the row is unchanged: fields that our schema lacks would be lost.
        this.#refresh({ key, keys, minVersion }, foreign ? null : value);
        return { value, source: "stale", version, maybeStale: false, foreign, result: "stale" };
      }
    }
    const miss = { key, keys, minVersion };
    return this.#flights.run(flightKey(miss), started, (flight) => this.#miss(flight, miss, seen));
  }

  #isStale({ staleAtMs }: Entry<Value>): boolean {
    if (staleAtMs === 0) return false;
    const { redisClock, syncClock } = this.#context.core;
    if (redisClock.due) syncClock();
    return redisClock.isStale(staleAtMs);
  }

  /** The leader's part: asks until there is an answer, a lease, or a reason to load without one. */
  async #miss(flight: Flight, miss: Miss<Key>, rejected: string): Promise<Answer<Value>> {
    const { record, core, options } = this.#context;
    const { key, keys, minVersion } = miss;
    const giveUpAt = core.clock.monotonic() + options.loadTimeoutMs;
    let seen = rejected;
    try {
      for (;;) {
        flight.admit();
        if (record.log !== null) {
          const pending = await readPending(this.#context, key, keys, minVersion);
          if (pending === "unknown") return await this.#loadOnly(flight, miss, { result: "bypass", maybeStale: true });
          if (pending !== "clean") return pending;
        }
        flight.admit();
        const token = core.random.token();
        const grantedAt = core.clock.monotonic();
        const acquired = await core.scripts.acquire(keys, token, core.options.leaseMs, minVersion, seen);
        switch (acquired.code) {
          case "HIT": {
            const entry = decodeOrNull(this.#context, acquired.bytes, key);
            if (entry !== null) {
              if (fits(entry, minVersion)) return fromEntry(entry);
              // A write-behind value comes whatever its version is. It is older than the token only when Redis has lost
              // its tail; the database may have got the newer one before that.
              return await this.#loadOnly(flight, miss, { result: "bypass", maybeStale: true });
            }
            if (seen.length === DIGEST_LENGTH) return await this.#loadOnly(flight, miss, { result: "bypass" });
            seen = digestOf(acquired.bytes);
            break;
          }
          case "LEASE":
            return await this.#loadAndFill(flight, miss, { token, grantedAt, seen }, acquired.floor);
          case "WAIT": {
            const answer = await this.#wait(flight, miss, seen, acquired.pttlMs, giveUpAt);
            if (answer !== null) return answer;
            if (core.clock.monotonic() < giveUpAt) break;
            return await this.#loadOnly(flight, miss, { result: "bypass", floor: acquired.floor });
          }
          case "BYPASS":
            return await this.#loadOnly(flight, miss, { result: "bypass", floor: acquired.floor });
          case "DIRTY":
            // Accepted between the look for pending writes and this message: look again.
            break;
        }
      }
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return this.#loadOnly(flight, miss, { result: "error", maybeStale: record.log !== null });
    }
  }

  async #loadAndFill(flight: Flight, miss: Miss<Key>, grant: Grant, floor: number): Promise<Answer<Value>> {
    const { record } = this.#context;
    const primary = this.#mustReadPrimary(miss.minVersion, floor);
    const { row, code } = await loadUnderLease(this.#context, { ...miss, primary }, grant, miss.minVersion, flight);
    if (code !== "STALE") return fromRow(row, "miss", false);
    this.#backoff.rest(miss.keys.value);
    if (record.log === null) {
      // "Not found" is refused while a floor stands, whatever the database says: from the primary it is the truth.
      if (row.value === null && (primary || !record.replica_reads)) return fromRow(row, "miss", false);
      // Redis knows of a newer row than this one.
      return this.#loadOnly(flight, miss, { result: "miss", primary: true });
    }
    flight.admit();
    const pending = await readPending(this.#context, miss.key, miss.keys, miss.minVersion);
    if (typeof pending !== "string") return pending;
    return this.#loadOnly(flight, miss, { result: "miss", maybeStale: pending === "unknown", primary: true });
  }

  /**
   * Looks for what another process is about to store; null = its lease is over, and with it the reason to wait: what it
   * loaded was stored, was overtaken by a write, was refused, or is of another generation.
   */
  async #wait(
    flight: Flight,
    miss: Miss<Key>,
    seen: string,
    pttlMs: number,
    giveUpAt: number,
  ): Promise<Answer<Value> | null> {
    const { clock, random, transport } = this.#context.core;
    const until = Math.min(clock.monotonic() + pttlMs, giveUpAt);
    for (let look = 0; ; look++) {
      const pauseMs = spread(random, WAIT_POLLS_MS[look] ?? Math.max(...WAIT_POLLS_MS));
      await sleep(clock, Math.max(1, Math.min(pauseMs, until - clock.monotonic())));
      flight.admit();
      const bytes = await transport.get(miss.keys.value);
      // Bytes that this caller has rejected stay until the load ends; they were counted once.
      const known = bytes === null || (seen.length === DIGEST_LENGTH && digestOf(bytes) === seen);
      const entry = known ? null : decodeOrNull(this.#context, bytes, miss.key);
      if (entry !== null && fits(entry, miss.minVersion)) return fromEntry(entry);
      if (clock.monotonic() >= until || !isReaders(await transport.get(miss.keys.lease))) return null;
    }
  }

  /** The database's answer without the right to store it, shared among the callers that started before the loader did. */
  #withoutRedis(started: number, miss: Miss<Key>, result: RequestResult): Promise<Answer<Value>> {
    const maybeStale = this.#context.record.log !== null;
    return this.#flights.run(`!${flightKey(miss)}`, started, (flight) =>
      this.#loadOnly(flight, miss, { result, maybeStale }),
    );
  }

  async #loadOnly(flight: Flight, miss: Miss<Key>, why: Unstored): Promise<Answer<Value>> {
    flight.admit();
    const primary = why.primary ?? this.#mustReadPrimary(miss.minVersion, why.floor);
    const row = await runLoader(this.#context, { key: miss.key, keys: miss.keys, primary });
    if (row.value !== null) checkMinVersion(this.#context, row.version, miss.minVersion);
    this.#checkValue(row.value);
    return fromRow(row, why.result, why.maybeStale ?? false);
  }

  /** The same verdict on a value whether or not it was to be stored: an outage must not change what a read accepts. */
  #checkValue(value: Value | null): void {
    if (value === null) return;
    try {
      this.#context.entity.check(value);
    } catch (error) {
      if (!isCachepactError(error, "E_SIZE")) throw error;
    }
  }

  /** A floor that Redis did not tell may stand. */
  #mustReadPrimary(minVersion: number, floor: number | undefined): boolean {
    return minVersion > 0 || (floor !== 0 && this.#context.record.replica_reads);
  }

  #refresh(miss: Miss<Key>, stale: Value | null): void {
    const key = miss.keys.value;
    if (this.#refreshing.has(key) || this.#backoff.resting(key)) return;
    this.#refreshing.add(key);
    const refresh = this.#refreshNow(miss, stale)
      .catch(() => this.#backoff.rest(key))
      .finally(() => this.#refreshing.delete(key));
    this.#context.core.background.run(refresh);
  }

  /** Loads only when Redis gives the right to: nobody waits for this, so that no load is better than a second one. */
  async #refreshNow(miss: Miss<Key>, stale: Value | null): Promise<void> {
    const { core } = this.#context;
    const token = core.random.token();
    const grantedAt = core.clock.monotonic();
    const acquired: Acquired = await core.scripts.acquire(miss.keys, token, core.options.leaseMs, 0, "");
    // Another process is at it: until its lease is over there is nothing to ask for.
    if (acquired.code === "WAIT") this.#backoff.rest(miss.keys.value, Math.min(acquired.pttlMs, DEFAULT_BACKOFF_MS));
    if (acquired.code !== "LEASE") return;
    const request = {
      ...miss,
      primary: this.#mustReadPrimary(0, acquired.floor),
      stale: stale ?? undefined,
      until: core.closing,
    };
    const { code } = await loadUnderLease(this.#context, request, { token, grantedAt, seen: "" }, 0, null);
    if (code === "STALE") this.#backoff.rest(miss.keys.value);
  }
}

/** Whether a lease is held by a reader that may still store something (SPEC 9). */
function isReaders(lease: Buffer | null): boolean {
  const kind = lease?.[0];
  return kind === 0x72 || kind === 0x52;
}

/** Callers that ask for a minimum version do not share with those that do not. */
function flightKey(miss: Miss<object>): string {
  return miss.minVersion === 0 ? miss.keys.value : `${miss.minVersion}!${miss.keys.value}`;
}
