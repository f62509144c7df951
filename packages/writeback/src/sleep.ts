import type { Clock, Random } from "@cachepact/cache-core";

/** Resolves after `delayMs`, or as soon as the signal is aborted: who waits looks at the signal next anyway. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      cancel();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.schedule(delayMs, end);
    signal?.addEventListener("abort", end, { once: true });
  });
}

/** `ms` moved by up to half of it in either direction, so that many workers do not come back in one instant. */
export function spread(random: Random, ms: number): number {
  return ms * (0.5 + random.next());
}
