import { type RedisServer, startRedis } from "@cachepact/dev-stack";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { type Cache, type CacheEvent, type CacheOptions, createCache } from "../src/index.ts";

/** One real server for a test file, emptied before each test, and caches that are closed after it. */
export interface RedisFixture {
  readonly server: RedisServer;
  /** A plain client that sees what the cache has done. */
  readonly client: Redis;
  /** A cache on the server; all its events go to `events`. */
  cache(options?: Partial<CacheOptions>): Cache;
  readonly events: CacheEvent[];
  /** Calls of a command since `resetCalls`, as the server counted them. */
  calls(command: string): Promise<number>;
  /** Calls of every command since `resetCalls`, but those of this fixture. */
  allCalls(): Promise<Record<string, number>>;
  resetCalls(): Promise<void>;
}

/** Deadlines that a busy machine does not miss; tests about deadlines pass the defaults. */
const PATIENT = { readTimeoutMs: 500, scriptTimeoutMs: 600 };

export function redisFixture(config: Record<string, string> = {}): RedisFixture {
  let server: RedisServer;
  let client: Redis;
  const caches: Cache[] = [];
  const events: CacheEvent[] = [];
  const allCalls = async (): Promise<Record<string, number>> => {
    const lines = (await client.info("commandstats")).split("\r\n");
    const found: Record<string, number> = {};
    for (const line of lines) {
      const match = /^cmdstat_([^:]+):calls=(\d+)/.exec(line);
      if (match?.[1] !== undefined) found[match[1]] = Number(match[2]);
    }
    delete found["config|resetstat"];
    delete found["info"];
    return found;
  };

  beforeAll(async () => {
    server = await startRedis({ config });
    client = new Redis(server.url, { retryStrategy: () => 20 });
    client.on("error", () => {});
  });
  beforeEach(async () => {
    events.length = 0;
    await client.flushall();
  });
  afterEach(async () => {
    await Promise.all(caches.splice(0).map((cache) => cache.close()));
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  return {
    get server() {
      return server;
    },
    get client() {
      return client;
    },
    cache(options = {}) {
      const cache = createCache({ redis: server.url, ...PATIENT, ...options });
      cache.on((event) => events.push(event));
      caches.push(cache);
      return cache;
    },
    events,
    calls: async (command) => (await allCalls())[command] ?? 0,
    allCalls,
    resetCalls: async () => {
      await client.config("RESETSTAT");
    },
  };
}
