/** Stops a scheduled callback; harmless when it has run. */
export type Cancel = () => void;

/**
 * The door to time: every deadline, delay and duration of the core goes through it, so that tests can move it by hand.
 *
 * There is no wall clock here on purpose: no decision of the core depends on the clock of its own machine. What must be
 * agreed between processes is stamped by Redis, see `store/redis-clock.ts`.
 */
export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number;
  /** Runs `callback` once, `delayMs` from now. */
  schedule(delayMs: number, callback: () => void): Cancel;
}

/** The clock of this process. */
export const systemClock: Clock = {
  monotonic: () => performance.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`; rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}
