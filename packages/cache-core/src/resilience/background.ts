/**
 * Work that nobody waits for: refreshes, releases, late invalidations.
 *
 * Its failures are dropped here, in one place, because each has been counted where it happened; none may become an
 * unhandled rejection.
 */
export class Background {
  readonly #running = new Set<Promise<unknown>>();

  /** Takes charge of `work`. */
  run(work: Promise<unknown>): void {
    const forget = (): void => {
      this.#running.delete(settled);
    };
    const settled: Promise<void> = work.then(forget, forget);
    this.#running.add(settled);
  }

  /** Resolves when all that runs now has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }
}
