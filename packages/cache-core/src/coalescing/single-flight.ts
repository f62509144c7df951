/** What the work of a flight may say about who may share its result. */
export interface Flight {
  /** The present moment, in call order: hand it to `admit` once what was asked for at this moment is known to count. */
  moment(): number;
  /**
   * Lets all callers that started until `moment` (default: now) share the result.
   *
   * Call it before asking for what the result rests on: the loader, a read, a script.
   */
  admit(moment?: number): void;
}

interface Running<T> {
  /** The last caller, by number, that may share the result. */
  readonly admitted: () => number;
  readonly result: Promise<T>;
}

/**
 * Collapses concurrent work on one key into one call per process. It coalesces; it remembers nothing once work settles.
 *
 * A caller shares a result only if it started before the evidence for that result was asked for. Otherwise a read that
 * starts after an invalidation returned could be handed a row that was loaded before it. Callers that started too late
 * wait for the flight to end and then take part in one new flight (SPEC, "flight rule").
 *
 * A failure is shared by the same rule as a value.
 */
export class SingleFlight<T> {
  readonly #running = new Map<string, Running<T>>();
  #sequence = 0;

  /** Numbers a caller at its very start, before it has read anything; hand the number to `run`. */
  start(): number {
    return ++this.#sequence;
  }

  /** Keys with a flight under way. */
  get size(): number {
    return this.#running.size;
  }

  /** Joins the flight of `key`, or leads a new one with `work`. */
  async run(key: string, started: number, work: (flight: Flight) => Promise<T>): Promise<T> {
    for (;;) {
      const running = this.#running.get(key);
      if (running === undefined) return this.#lead(key, work);
      const outcome = await settle(running.result);
      if (started > running.admitted()) continue;
      if (outcome.failed) throw outcome.error;
      return outcome.value;
    }
  }

  #lead(key: string, work: (flight: Flight) => Promise<T>): Promise<T> {
    let admitted = 0;
    const flight: Flight = {
      moment: () => this.#sequence,
      admit: (moment = this.#sequence) => {
        admitted = Math.max(admitted, moment);
      },
    };
    const take = async (): Promise<T> => {
      try {
        return await work(flight);
      } finally {
        // Before the result settles, so that no caller joins a flight that has ended.
        this.#running.delete(key);
      }
    };
    const result = take();
    this.#running.set(key, { admitted: () => admitted, result });
    return result;
  }
}

type Outcome<T> = { readonly failed: false; readonly value: T } | { readonly failed: true; readonly error: unknown };

async function settle<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { failed: false, value: await promise };
  } catch (error) {
    return { failed: true, error };
  }
}
