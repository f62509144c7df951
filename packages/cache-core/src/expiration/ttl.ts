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
  const replicaMs = limits.replicaMs ?? jittered;
  if (!hasStalePhase(record)) return { pxMs: Math.min(jittered, replicaMs), freshMs: 0 };
  return { pxMs: jittered + record.grace_ms, freshMs: Math.min(jittered, replicaMs) };
}

/**
 * The lifetime of a "not found": the smaller of negative ttl and ttl, without jitter or grace.
 *
 * No grace: a row that was inserted behind the cache's back must show up after the negative ttl at the latest.
 */
export function negativeLifetime(record: EntityRecord): Lifetime {
  return { pxMs: Math.min(record.negative_ttl_ms, record.ttl_ms), freshMs: 0 };
}

/** Whether entries of this entity carry `stale_at`: with grace, early refresh or sliding expiration (SPEC, frame). */
export function hasStalePhase(record: EntityRecord): boolean {
  return record.grace_ms > 0 || record.early_refresh || record.sliding !== null;
}
