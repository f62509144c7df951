import type { EntryKeys } from "@cachepact/wire";
import { sleep } from "../clock.ts";
import type { EntityContext } from "../context.ts";
import { spread } from "../random.ts";
import { decodeOrNull, fits } from "../store/decoding.ts";
import { pendingWrite } from "../store/scripts.ts";
import { type Answer, fromEntry } from "./answer.ts";

/** The pause between two looks, in ms, before half of it is added or taken: about the time of one drained batch. */
const POLL_MS = 10;

/**
 * Looks for a write-behind value that is accepted, not in the database yet, and not under its key: it was evicted, or
 * written under another generation.
 *
 * `clean`: nothing is pending, the database has the truth. `unknown`: something is, and it did not become readable within
 * the read's deadline, or is older than `minVersion`; the database's answer may lack it. Redis failures are
 * `TransportError`s.
 */
export async function readPending<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  key: Key,
  keys: EntryKeys,
  minVersion: number,
): Promise<Answer<Value> | "clean" | "unknown"> {
  const { record, core } = context;
  const giveUpAt = core.clock.monotonic() + core.options.readTimeoutMs;
  for (;;) {
    const pending = await pendingWrite(core.transport, keys, record.generation);
    if (pending.code === "CLEAN") return "clean";
    if (pending.code === "PENDING") {
      const entry = decodeOrNull(context, pending.frame, key);
      // Older than the token: Redis has lost its tail, and the database may have got the newer one before that.
      if (entry === null || !fits(entry, minVersion)) return "unknown";
      return { ...fromEntry(entry), result: "pending" };
    }
    // OTHER: a writer of another generation; GONE: an ack is under way, or the event was lost. Both end by themselves.
    const pauseMs = spread(core.random, POLL_MS);
    if (core.clock.monotonic() + pauseMs >= giveUpAt) return "unknown";
    await sleep(core.clock, pauseMs);
    const bytes = await core.transport.get(keys.value);
    const entry = bytes === null ? null : decodeOrNull(context, bytes, key);
    if (entry !== null && fits(entry, minVersion)) return fromEntry(entry);
  }
}
