import type { Cancel, Clock } from "../clock.ts";

/** One wait that may pass its deadline. */
export interface Deadline {
  readonly at: number;
  readonly pass: () => void;
}

/**
 * Deadlines of one length, all on one timer: a timer for each command would cost a good part of a hit.
 *
 * A deadline that is found to have passed passes only after what has arrived meanwhile was read: a process that was busy
 * for longer than a deadline has its replies waiting in its sockets, and must not take them for missing.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #ms: number;
  /** In the order in which they pass, because all have one length. */
  readonly #waiting = new Set<Deadline>();
  #cancel: Cancel | null = null;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Calls `pass` when the time is over, unless `end` comes first. */
  start(pass: () => void): Deadline {
    const deadline = { at: this.#clock.monotonic() + this.#ms, pass };
    this.#waiting.add(deadline);
    // A timer that finds nothing due sets itself anew; it is left alone when its deadline ends early.
    if (this.#cancel === null) this.#arm(this.#ms);
    return deadline;
  }

  /** Ends a wait; harmless when it has passed. */
  end(deadline: Deadline): void {
    this.#waiting.delete(deadline);
  }

  /** Lets go of the timer; what still waits is somebody else's to end. */
  close(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #arm(ms: number): void {
    this.#cancel = this.#clock.schedule(ms, () => {
      const first = this.#first();
      if (first === undefined) this.#cancel = null;
      else if (first.at > this.#clock.monotonic()) this.#arm(first.at - this.#clock.monotonic());
      else setImmediate(() => this.#passDue());
    });
  }

  #passDue(): void {
    // Closed in the meantime.
    if (this.#cancel === null) return;
    for (let first = this.#first(); first !== undefined; first = this.#first()) {
      const left = first.at - this.#clock.monotonic();
      if (left > 0) return this.#arm(left);
      this.#waiting.delete(first);
      first.pass();
    }
    this.#cancel = null;
  }

  #first(): Deadline | undefined {
    for (const deadline of this.#waiting) return deadline;
    return undefined;
  }
}
