import { CachepactError, type EntryKeys } from "@cachepact/wire";
import { sleep } from "../clock.ts";
import type { EntityContext } from "../context.ts";
import { spread } from "../random.ts";
import type { Finish, FinishCode } from "../store/scripts.ts";
import { classify } from "../store/transport-error.ts";
import { DEFAULT_RETRY_FIRST_MS, DEFAULT_RETRY_MAX_MS } from "./quarantine.ts";

/**
 * Sends `finish` until Redis acknowledges it or the deadline passes; then the key is quarantined and `null` comes back.
 *
 * May be sent any number of times, late copies included: each deletes at most one value more than needed. A connection
 * that has been away for the whole deadline already is not waited for again.
 *
 * @throws {CachepactError} E_SCRIPT
 */
export async function deliver<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  keys: EntryKeys,
  finish: Finish,
): Promise<FinishCode | null> {
  const { record, core } = context;
  const { clock, random, scripts, transport, quarantine, options, closing } = core;
  const giveUpAt = clock.monotonic() + options.deliverTimeoutMs - transport.downMs;
  let delayMs = DEFAULT_RETRY_FIRST_MS;
  for (;;) {
    try {
      return await scripts.finish(record, keys, finish);
    } catch (error) {
      refuseBadArguments(error, "finish");
      const pauseMs = spread(random, delayMs);
      if (closing.aborted || clock.monotonic() + pauseMs >= giveUpAt) {
        quarantine.add({ record, keys, finish });
        return null;
      }
      // Closing does not wait for the pause: one more message, at once.
      await sleep(clock, pauseMs, closing).catch(() => {});
      delayMs = Math.min(delayMs * 2, DEFAULT_RETRY_MAX_MS);
    }
  }
}

/** Arguments that a script refuses will be refused again: a bug, which must not be retried in silence. */
export function refuseBadArguments(error: unknown, script: string): void {
  const { word, message } = classify(error);
  if (word !== "BADARG") return;
  throw new CachepactError("E_SCRIPT", `script ${script} refused its arguments (${message}); report this`);
}
