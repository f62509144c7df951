import type { Clock } from "../clock.ts";

/** After how long an unrefreshed offset is asked for again, in ms: clocks of two machines drift. */
export const DEFAULT_CLOCK_REFRESH_MS = 30_000;
/** For how long a rough sample does not replace a good one, in ms. */
const GOOD_SAMPLE_MS = 5_000;

/**
 * What time it is for Redis, from the replies of scripts: the clock that stamps `stale_at` and deadlines.
 *
 * Kept as an offset to this process's monotonic clock, so that a jump of the machine's wall clock changes nothing. Right
 * to within half a round trip. It only schedules refreshes and proposes deadlines: what may be stored or served is
 * decided by Redis itself, on its own clock.
 */
export class RedisClock {
  readonly #clock: Clock;
  #offset: number | null = null;
  #roundTripMs = 0;
  #sampledAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Redis time in epoch ms, or null while nothing is known. */
  now(): number | null {
    return this.#offset === null ? null : this.#clock.monotonic() + this.#offset;
  }

  /** Whether an entry that turns stale at `staleAtMs` is stale now; 0 = it never does. Unknown time = still fresh. */
  isStale(staleAtMs: number): boolean {
    return staleAtMs !== 0 && this.#offset !== null && this.#clock.monotonic() + this.#offset >= staleAtMs;
  }

  /** Whether the offset is unknown or due for a new sample. */
  get due(): boolean {
    return this.#offset === null || this.#clock.monotonic() - this.#sampledAt >= DEFAULT_CLOCK_REFRESH_MS;
  }

  /** Takes the server's time `serverMs` from a reply to a message that was sent at `sentAt` (monotonic) and came now. */
  observe(serverMs: number, sentAt: number): void {
    const receivedAt = this.#clock.monotonic();
    const roundTripMs = receivedAt - sentAt;
    const recent = this.#offset !== null && receivedAt - this.#sampledAt < GOOD_SAMPLE_MS;
    // The error is half the round trip: a reply that waited behind a busy event loop must not spoil a good offset.
    if (recent && roundTripMs > this.#roundTripMs * 2) return;
    this.#offset = serverMs - (sentAt + receivedAt) / 2;
    this.#roundTripMs = roundTripMs;
    this.#sampledAt = receivedAt;
  }

  /** Forgets all: the next connection may lead to another server. */
  reset(): void {
    this.#offset = null;
  }
}
