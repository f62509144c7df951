import type { Random } from "../random.ts";

/**
 * `ttlMs` shortened by a random part of up to `jitterRatio` of it: entries written in one burst do not expire in one
 * instant. In whole milliseconds, at least 1.
 *
 * Jitter only ever shortens: a ttl is a promise about how old an entry may get (SPEC, "V").
 */
export function jitteredTtlMs(ttlMs: number, jitterRatio: number, random: Random): number {
  return Math.max(1, Math.ceil(ttlMs * (1 - jitterRatio * random.next())));
}
