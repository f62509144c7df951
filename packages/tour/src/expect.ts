/** A step was not as promised: the tour stops and fails with this text. */
export class TourFailure extends Error {
  override readonly name = "TourFailure";
}

export function expect(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new TourFailure(`not as promised: ${promise}`);
}

/** Asks until the answer is defined: for what the product promises "moments later". Rejects once `signal` is aborted. */
export async function eventually<T>(
  signal: AbortSignal,
  ask: () => Promise<T | undefined>,
  deadlineMs: number,
  promise: string,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    expect(performance.now() < end, `${promise} (waited ${deadlineMs} ms)`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
