/** The pause after a line before an equal one is written again, in ms; it doubles while the cause lasts. */
export const REPEAT_MS = 5_000;
export const REPEAT_MAX_MS = 60_000;
/** Kinds that are remembered; above it those that are over are forgotten. */
const KINDS_MAX = 100;

interface Kind {
  quietUntilMs: number;
  pauseMs: number;
  suppressed: number;
}

/** Keeps the log of an outage to a few lines: what repeats is written at once, and then at growing intervals. */
export class RepeatFilter {
  readonly #nowMs: () => number;
  readonly #kinds = new Map<string, Kind>();

  /** @param nowMs a clock that never goes back. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Calls `write` with how many of this kind were left out since its last line, or leaves this one out as well. */
  pass(kind: string, write: (repeated: number) => void): void {
    const nowMs = this.#nowMs();
    const known = this.#kinds.get(kind);
    if (known !== undefined && nowMs < known.quietUntilMs) {
      known.suppressed += 1;
      return;
    }
    // Quiet for a pause longer than it had to be: it is news again.
    const lasts = known !== undefined && nowMs < known.quietUntilMs + known.pauseMs;
    const pauseMs = lasts ? Math.min(REPEAT_MAX_MS, known.pauseMs * 2) : REPEAT_MS;
    if (this.#kinds.size >= KINDS_MAX) this.#forget(nowMs);
    this.#kinds.set(kind, { quietUntilMs: nowMs + pauseMs, pauseMs, suppressed: 0 });
    write(known?.suppressed ?? 0);
  }

  #forget(nowMs: number): void {
    for (const [kind, { quietUntilMs }] of this.#kinds) if (quietUntilMs <= nowMs) this.#kinds.delete(kind);
  }
}
