import { AsyncLocalStorage } from "node:async_hooks";
import type { Cache, CacheEvent, EntityCache } from "@cachepact/cache-core";
import type { FastifyReply } from "fastify";

type RequestResult = Extract<CacheEvent, { type: "request" }>["result"];

interface Reading {
  result?: RequestResult;
}

const reading = new AsyncLocalStorage<Reading>();

/** Lets `readEntry` learn what the cache says about the reads of the current request. Once for each cache. */
export function observeReads(cache: Cache): void {
  cache.on((event) => {
    const current = event.type === "request" ? reading.getStore() : undefined;
    if (current && event.type === "request") current.result = event.result;
  });
}

/**
 * Reads one entry and says in the header X-Cache where the answer came from: `hit`, `negative` (Redis knows that it does
 * not exist), `stale`, `pending` (an accepted write that is not in the database yet), `miss` (loaded from the database
 * and offered to Redis) or `bypass` (loaded, and Redis was not used: it is away, or the entry is being written).
 */
export async function readEntry<Key extends object, Value extends object>(
  reply: FastifyReply,
  cache: EntityCache<Key, Value>,
  key: Key,
): Promise<Value | null> {
  const started = performance.now();
  const seen: Reading = {};
  const entry = await reading.run(seen, () => cache.getEntry(key));
  const source =
    entry.source === "redis"
      ? entry.value === null
        ? "negative"
        : "hit"
      : entry.source === "stale"
        ? "stale"
        : "miss";
  const result = seen.result === "error" ? "bypass" : (seen.result ?? source);
  reply.header("x-cache", result);
  reply.header("server-timing", `cache;desc=${result};dur=${(performance.now() - started).toFixed(2)}`);
  return entry.value;
}
