import type { EntityRecord, EntryKeys } from "@cachepact/wire";
import type { Cancel, Clock } from "../clock.ts";
import type { Events } from "../events.ts";
import { type Random, spread } from "../random.ts";
import type { Finish } from "../store/scripts.ts";
import { classify } from "../store/transport-error.ts";

/** An invalidation that Redis has not acknowledged. */
export interface Undelivered {
  readonly record: EntityRecord;
  readonly keys: EntryKeys;
  readonly finish: Finish;
}

export interface QuarantineOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
  readonly maxKeys: number;
  /** Sends one invalidation; rejects with what the transport says while Redis cannot be told. */
  readonly deliver: (undelivered: Undelivered) => Promise<void>;
}

/** The first pause between two rounds of delivery, in ms; it doubles up to the second. */
export const DEFAULT_RETRY_FIRST_MS = 50;
export const DEFAULT_RETRY_MAX_MS = 1_000;
/** Invalidations that may be under way at once, so that a recovered Redis is not flooded. */
const PARALLEL = 64;

/**
 * The keys whose invalidation is still owed to Redis. This process does not read them from Redis meanwhile, so that it at
 * least never serves what it knows to be old; other processes may, until delivery or the entry's ttl.
 *
 * Bounded: when `maxKeys` are held, further keys are not recorded, and their whole entity is bypassed until Redis is back
 * and one physical ttl has passed.
 */
export class Quarantine {
  readonly #options: QuarantineOptions;
  readonly #held = new Map<string, Undelivered>();
  /** Entity to when its bypass ends, on the monotonic clock; null = Redis is not back yet. */
  readonly #overflowed = new Map<string, { readonly physicalTtlMs: number; endsAt: number | null }>();
  #cancel: Cancel | null = null;
  #delayMs = DEFAULT_RETRY_FIRST_MS;
  #delivering: Promise<void> | null = null;
  #closed = false;

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  /** Keys that are held. */
  get size(): number {
    return this.#held.size;
  }

  /** Whether this process must not read `valueKey` of `entity` from Redis. */
  covers(entity: string, valueKey: string): boolean {
    if (this.#held.size > 0 && this.#held.has(valueKey)) return true;
    if (this.#overflowed.size === 0) return false;
    const overflow = this.#overflowed.get(entity);
    if (overflow === undefined) return false;
    if (overflow.endsAt === null || this.#options.clock.monotonic() < overflow.endsAt) return true;
    this.#overflowed.delete(entity);
    return false;
  }

  /** Takes an invalidation in charge until Redis acknowledges it. */
  add(undelivered: Undelivered): void {
    if (this.#closed) return;
    const { record, keys } = undelivered;
    const older = this.#held.get(keys.value);
    if (older === undefined && this.#held.size >= this.#options.maxKeys) {
      this.#overflowed.set(record.entity, { physicalTtlMs: record.ttl_ms + record.grace_ms, endsAt: null });
      return;
    }
    this.#held.set(keys.value, older === undefined ? undelivered : merge(older, undelivered));
    this.#report();
    this.#schedule();
  }

  /** Tries at once: Redis has just come back, and owed invalidations go before anything else. */
  flush(): void {
    if (this.#closed) return;
    this.#recovered();
    if (this.#held.size === 0) return;
    this.#delayMs = DEFAULT_RETRY_FIRST_MS;
    void this.#round();
  }

  /** Tries once more; resolves when that is over, whatever came of it. */
  async settle(): Promise<void> {
    // A round under way may have begun before Redis came back.
    await this.#delivering;
    if (this.#held.size > 0) await this.#round();
  }

  /** Gives up what is held: the entries end with their ttl. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#held.clear();
  }

  #schedule(): void {
    if (this.#cancel !== null || this.#closed || this.#held.size === 0) return;
    this.#cancel = this.#options.clock.schedule(spread(this.#options.random, this.#delayMs), () => {
      this.#cancel = null;
      this.#delayMs = Math.min(this.#delayMs * 2, DEFAULT_RETRY_MAX_MS);
      void this.#round();
    });
  }

  #round(): Promise<void> {
    this.#delivering ??= this.#deliverAll().finally(() => {
      this.#delivering = null;
      this.#schedule();
    });
    return this.#delivering;
  }

  /** One probe first: while Redis is away, a round costs one command and not thousands. */
  async #deliverAll(): Promise<void> {
    const tried = new Set<Undelivered>();
    let batch = this.#next(tried, 1);
    while (batch.length > 0 && !this.#closed) {
      const outcomes = await Promise.all(batch.map((undelivered) => this.#deliverOne(undelivered)));
      if (outcomes.includes("away")) return;
      batch = this.#next(tried, PARALLEL);
    }
    if (this.#held.size === 0) this.#delayMs = DEFAULT_RETRY_FIRST_MS;
  }

  /** Up to `most` of what is held and was not sent in this round, also what came in meanwhile. */
  #next(tried: Set<Undelivered>, most: number): readonly Undelivered[] {
    const batch: Undelivered[] = [];
    for (const undelivered of this.#held.values()) {
      if (batch.length === most) break;
      if (tried.has(undelivered)) continue;
      tried.add(undelivered);
      batch.push(undelivered);
    }
    return batch;
  }

  /** `refused`: Redis is there and answered this key with an error, which must not hold up the others. */
  async #deliverOne(undelivered: Undelivered): Promise<"delivered" | "refused" | "away"> {
    try {
      await this.#options.deliver(undelivered);
    } catch (error) {
      const { reason, effect } = classify(error);
      return reason === "error" && effect === "unknown" ? "refused" : "away";
    }
    this.#recovered();
    const { value } = undelivered.keys;
    // A later write of the same key may have replaced it meanwhile: that one is still owed.
    if (this.#held.get(value) === undelivered) {
      this.#held.delete(value);
      this.#report();
    }
    return "delivered";
  }

  #recovered(): void {
    const now = this.#options.clock.monotonic();
    for (const overflow of this.#overflowed.values()) overflow.endsAt ??= now + overflow.physicalTtlMs;
  }

  #report(): void {
    const { events } = this.#options;
    if (events.active) events.emit({ type: "quarantine", size: this.#held.size });
  }
}

/** One message that does what both would have done: it ends both writes, and it deletes unless both may keep. */
function merge(older: Undelivered, newer: Undelivered): Undelivered {
  const tokens = [newer.finish.token, newer.finish.prev, older.finish.token].filter((token) => token !== "");
  const finish: Finish = {
    token: tokens[0] ?? "",
    prev: tokens[1] ?? "",
    version: Math.max(older.finish.version, newer.finish.version),
    keep: older.finish.keep && newer.finish.keep,
  };
  return { ...newer, finish };
}
