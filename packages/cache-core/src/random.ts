import { randomBytes } from "node:crypto";

/** The door to chance: jitter, delays, tokens. Tests pass a seeded one. */
export interface Random {
  /** A number from 0 (included) to 1 (excluded). */
  next(): number;
  /**
   * 22 base64url characters, 16 random bytes: a lease token, a writer's marker, an op id.
   *
   * Unique per call: a token that is sent twice would let a late copy of a message store what an invalidation removed.
   */
  token(): string;
}

/** `Math.random` for delays, the system's generator for tokens. */
export const systemRandom: Random = {
  next: Math.random,
  token: () => randomBytes(16).toString("base64url"),
};

/** `ms` moved by up to half of it in either direction, so that many clients do not come back in one instant. */
export function spread(random: Random, ms: number): number {
  return ms * (0.5 + random.next());
}
