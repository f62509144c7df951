import type { Clock } from "../clock.ts";
import { type Random, spread } from "../random.ts";

/** How long a key rests after a refresh that brought nothing, in ms, before half of it is added or taken. */
export const DEFAULT_BACKOFF_MS = 1_000;
/** Keys that are remembered; beyond them all are forgotten, which costs a few loads more. */
const KEYS_MAX = 10_000;

/**
 * The keys whose background refresh has just failed, or is under way in another process. Only refreshes rest: a miss must
 * be answered, and an error is never remembered as an answer.
 */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Lets `key` rest for about `ms`. */
  rest(key: string, ms: number = DEFAULT_BACKOFF_MS): void {
    if (this.#until.size >= KEYS_MAX) this.#until.clear();
    this.#until.set(key, this.#clock.monotonic() + spread(this.#random, ms));
  }

  /** Whether `key` rests now. */
  resting(key: string): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (this.#clock.monotonic() < until) return true;
    this.#until.delete(key);
    return false;
  }
}
