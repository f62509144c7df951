import { CachepactError, type EntryKeys } from "@cachepact/wire";
import type { EntityContext } from "../context.ts";
import { refuseBadArguments } from "../resilience/delivery.ts";
import type { Finish } from "../store/scripts.ts";
import { TransportError } from "../store/transport-error.ts";
import { Lease } from "./lease.ts";

/** How many messages may try to set a fence, each with a token of its own. */
const ATTEMPTS = 2;

/**
 * A writer's fence around its commit, on one key: `begin` deletes the value and keeps loaders from storing, a marker that
 * is renewed keeps it up, `finish` or `store` takes it down (SPEC 10.3, 10.4).
 */
export class Fence<Key extends object, Value extends object> {
  readonly keys: EntryKeys;
  readonly #context: EntityContext<Key, Value>;
  #token = "";
  #prev = "";
  #alone = false;
  #lost = false;
  #marker: Lease | null = null;

  constructor(context: EntityContext<Key, Value>, keys: EntryKeys) {
    this.#context = context;
    this.keys = keys;
  }

  /**
   * Sets the fence. False when Redis acknowledged neither attempt; the fence may still be there, or come late, and lapses
   * by itself.
   *
   * @throws {CachepactError} E_PATTERN when the key holds a write-behind value
   */
  async begin(onLost: () => void): Promise<boolean> {
    const { record, core } = this.#context;
    const { clock, random, scripts, options } = core;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      // A token is never sent twice: a late copy of the first message must not regain the right to store.
      this.#prev = this.#token;
      this.#token = random.token();
      const grantedAt = clock.monotonic();
      try {
        const code = await scripts.begin(this.keys, this.#token, options.markerMs, this.#prev);
        if (code === "DIRTY") {
          throw new CachepactError(
            "E_PATTERN",
            `cannot write ${record.entity} through: the key holds a write-behind value; use put`,
          );
        }
        this.#alone = code === "ALONE";
        this.#marker = this.#keepUp(grantedAt, onLost);
        return true;
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        refuseBadArguments(error, "begin");
      }
    }
    return false;
  }

  /** Whether the marker is surely alive now. */
  get alive(): boolean {
    return this.#marker?.alive ?? false;
  }

  /** Whether this writer began alone and was not told otherwise: only then may it store. Redis has the last word. */
  get mayStore(): boolean {
    return this.#alone && !this.#lost;
  }

  /** What ends this write. */
  finish(version: number): Finish {
    return { token: this.#token, prev: this.#prev, version, keep: version > 0 };
  }

  /** Ends the renewals. */
  stop(): void {
    this.#marker?.stop();
  }

  #keepUp(grantedAt: number, onLost: () => void): Lease {
    const { clock, scripts, options } = this.#context.core;
    return new Lease({
      clock,
      ms: options.markerMs,
      grantedAt,
      renew: () => scripts.renew(this.keys, this.#token, options.markerMs, "w"),
      onLost: () => {
        this.#lost = true;
        onLost();
      },
    });
  }
}
