import type { Cancel, Clock } from "../clock.ts";

/** A script's verdict on a lease or marker: still held, or lost for good. */
export type RenewReply = "OK" | "LOST";

export interface LeaseOptions {
  readonly clock: Clock;
  /** How long one grant lasts, in ms. */
  readonly ms: number;
  /** When the granting script was sent, on `clock`'s monotonic time. */
  readonly grantedAt: number;
  /** Sends `renew`; rejects when there is no usable reply. */
  readonly renew: () => Promise<RenewReply>;
  /** Called once when the grant is lost or must be taken for lost. */
  readonly onLost?: (() => void) | undefined;
}

/**
 * A grant of Redis that this process keeps alive: a reader's lease, or a writer's marker. Both are renewed at each third
 * of their time, so that two renewals may get lost before the grant lapses.
 *
 * The grant counts from when the last acknowledged message was *sent*: Redis cannot have started it earlier.
 */
export class Lease {
  readonly #options: LeaseOptions;
  #acknowledgedAt: number;
  #lost = false;
  #stopped = false;
  #cancel: Cancel;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#acknowledgedAt = options.grantedAt;
    this.#cancel = this.#next();
  }

  /** Whether the grant is surely alive: it was not reported lost, and its time since the last acknowledgement is not over. */
  get alive(): boolean {
    return !this.#lost && this.#options.clock.monotonic() - this.#acknowledgedAt < this.#options.ms;
  }

  /** Ends the renewals. The grant itself stays in Redis until it is used, released or over. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #next(): Cancel {
    return this.#options.clock.schedule(this.#options.ms / 3, () => this.#renew());
  }

  #renew(): void {
    if (!this.alive) return this.#lose();
    const sentAt = this.#options.clock.monotonic();
    this.#cancel = this.#next();
    this.#options.renew().then(
      (reply) => {
        if (this.#stopped) return;
        if (reply === "OK") this.#acknowledgedAt = Math.max(this.#acknowledgedAt, sentAt);
        else this.#lose();
      },
      () => {
        // No usable reply: the next third tries again, and `alive` ends the wait.
      },
    );
  }

  #lose(): void {
    if (this.#lost || this.#stopped) return;
    this.#lost = true;
    this.stop();
    this.#options.onLost?.();
  }
}
