import { setImmediate as nextTick } from "node:timers/promises";
import type { Cancel, Clock } from "../clock.ts";

/** A clock that stands still until it is told to move. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  monotonic(): number {
    return this.#now;
  }

  schedule(delayMs: number, callback: () => void): Cancel {
    const timer = { at: this.#now + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Callbacks that wait for their time. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time by `ms`, running what becomes due in order, and lets the code in between run on. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await nextTick();
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
      await nextTick();
    }
    this.#now = end;
    await nextTick();
  }
}
