import type { EntityRecord } from "@cachepact/wire";
import type { Random } from "../random.ts";
import { jitteredTtlMs } from "./ttl-jitter.ts";

/** How long an entry lives, in ms from the moment at which a script stores it. */
export interface Lifetime {
  /** Until Redis drops it: fresh time plus grace. */
  readonly pxMs: number;
  /** Until it is stale; 0 = it has no stale phase and its frame carries no `stale_at`. */
  readonly freshMs: number;
}

/** What may shorten the lifetime of one entry. */
export interface LifetimeLimits {
  /** The loader's own ttl for this value, in ms. */
  readonly ttlMs?: number | undefined;
  /** How long a row read from a lagging replica may count as fresh, in ms. */
  readonly replicaMs?: number | undefined;
}

/** The lifetime of an entry that holds a value. */
export function lifetime(record: EntityRecord, random: Random, limits: LifetimeLimits = {}): Lifetime {
  // A loader may shorten the contract's ttl, never lengthen it: other services rely on the contract.
  const ttlMs = Math.min(record.ttl_ms, limits.ttlMs ?? record.ttl_ms);
  const jittered = jitteredTtlMs(ttlMs, record.jitter_ratio, random);
  const freshMs = Math.min(jittered, limits.replicaMs ?? jittered);
  // Without grace nothing may be served after its fresh time: the limit is then that of the entry itself.
  const pxMs = record.grace_ms === 0 ? freshMs : jittered + record.grace_ms;
  return { pxMs, freshMs: hasStalePhase(record) ? freshMs : 0 };
}

/**
 * The lifetime of a "not found": the smaller of negative ttl and ttl, or the loader's own `ttlMs` if that is smaller
 * still, without jitter or grace.
 *
 * No grace: a row that was inserted behind the cache's back must show up after the negative ttl at the latest.
 */
export function negativeLifetime(record: EntityRecord, ttlMs: number = record.ttl_ms): Lifetime {
  return { pxMs: Math.min(record.negative_ttl_ms, record.ttl_ms, ttlMs), freshMs: 0 };
}

/** Whether entries of this entity carry `stale_at`: with grace, early refresh or sliding expiration (SPEC, frame). */
export function hasStalePhase(record: EntityRecord): boolean {
  return record.grace_ms > 0 || record.early_refresh || record.sliding !== null;
}
