import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../src/testing/index.ts";
import { eventually, UserDatabase } from "../database.ts";
import { aUser, Preferences, StrongUser, somePreferences, User, type UserKey } from "../entities.ts";
import { errorOf, outcomeOf } from "../outcome.ts";
import { redisFixture } from "../redis-fixture.ts";

// Every write is on disk before its answer: what the restarted server holds is what was acknowledged.
const redis = redisFixture({ appendonly: "yes", appendfsync: "always" });
const key: UserKey = { id: 1 };
/** Less than anything here that waits for Redis, with room for a busy machine. */
const AT_ONCE_MS = 800;
const DEFAULTS = { readTimeoutMs: 100, scriptTimeoutMs: 200 };

async function timed<T>(promise: Promise<T>): Promise<{ value: T; ms: number }> {
  const startedAt = performance.now();
  const value = await promise;
  return { value, ms: performance.now() - startedAt };
}

async function restart(): Promise<void> {
  await redis.server.start();
  await eventually(async () => (await redis.client.ping().catch(() => "")) === "PONG");
}

const results = (): string[] => redis.events.flatMap((event) => (event.type === "request" ? [event.result] : []));
const sizes = (): number[] => redis.events.flatMap((event) => (event.type === "quarantine" ? [event.size] : []));
let stopped = false;

async function stop(): Promise<void> {
  await redis.server.kill();
  stopped = true;
  // The process is gone; this one must hear that its sockets are, or the next message would be one in doubt.
  await sleep(20);
}

afterEach(async () => {
  if (stopped) await restart();
  stopped = false;
});

async function resume(): Promise<void> {
  stopped = false;
  await restart();
}

describe("Redis is stopped", () => {
  test("reads are answered by the loader within the deadline, and by Redis again when it is back", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache(DEFAULTS).entity(User, { load: db.load });
    await users.get(key);
    await stop();
    for (let read = 0; read < 5; read++) {
      const { value, ms } = await timed(users.getEntry(key));
      expect(value).toMatchObject({ source: "database", value: { id: 1 } });
      expect(ms).toBeLessThan(AT_ONCE_MS);
    }
    expect(new Set(results().slice(1))).toEqual(new Set(["error"]));
    await resume();
    await eventually(async () => (await users.getEntry(key)).source === "redis");
  });

  test("callers of one key share the load that answers them", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache(DEFAULTS).entity(User, { load: db.load });
    await users.get(key);
    await stop();
    await users.get(key);
    const before = db.loads.length;
    db.delayMs = 20;
    await Promise.all(Array.from({ length: 50 }, () => users.get(key)));
    expect(db.loads.length - before).toBeLessThanOrEqual(2);
  });

  test("a cache that starts without Redis serves from the loader and connects by itself later", async () => {
    await stop();
    const cache = redis.cache(DEFAULTS);
    expect(await errorOf(cache.ready())).toMatchObject({ code: "E_UNAVAILABLE", retryable: true });
    const users = cache.entity(User, { load: new UserDatabase(aUser(1)).load });
    const { value, ms } = await timed(users.getEntry(key));
    expect(value.source).toBe("database");
    expect(ms).toBeLessThan(AT_ONCE_MS);
    expect(await outcomeOf(cache.info())).toBe("E_UNAVAILABLE");
    await resume();
    await eventually(async () => (await users.getEntry(key)).source === "redis");
    await cache.ready();
    expect((await cache.info()).usedMemoryBytes).toBeGreaterThan(0);
  });

  test("an EVENTUAL write succeeds, is quarantined here, and is delivered after the restart", async () => {
    const db = new UserDatabase(aUser(1, { name: "Old" }));
    const users = redis.cache(DEFAULTS).entity(User, { load: db.load });
    await users.get(key);
    await stop();
    const write = users.write(key, async () => {
      db.rows.set(1, aUser(1, { name: "New", version: 2 }));
      return aUser(1, { name: "New", version: 2 });
    });
    expect(await write).toEqual({ version: 2 });
    expect(redis.events).toContainEqual({ type: "write", entity: "user", operation: "write", outcome: "pending" });
    expect(sizes()).toEqual([1]);
    expect(await users.getEntry(key)).toMatchObject({ source: "database", value: { name: "New" } });
    await resume();
    // The old value is back with the server's file; this process must not read it, and must have it removed.
    const read = await users.getEntry(key);
    expect(read.value?.name).toBe("New");
    await eventually(() => sizes().at(-1) === 0);
    expect(await redis.client.get("{user@1:1}@floor")).toBe("2");
    const other = redis.cache().entity(User, { load: db.load });
    expect((await other.get(key))?.name).toBe("New");
  });

  test("an invalidation is E_PENDING, and delivered after the restart", async () => {
    const db = new UserDatabase(aUser(1, { name: "Old" }));
    const users = redis.cache(DEFAULTS).entity(User, { load: db.load });
    await users.get(key);
    await stop();
    db.rows.set(1, aUser(1, { name: "New" }));
    expect(await errorOf(users.invalidate(key))).toMatchObject({ code: "E_PENDING", retryable: true });
    expect(await users.getEntry(key)).toMatchObject({ source: "database", value: { name: "New" } });
    await resume();
    await eventually(() => sizes().at(-1) === 0);
    expect(await redis.client.exists("user@1:1")).toBe(0);
    await users.get(key);
    expect(await users.getEntry(key)).toMatchObject({ source: "redis", value: { name: "New" } });
  });

  test("what is owed is delivered as soon as Redis is back, before its next turn comes", async () => {
    const clock = new FakeClock();
    const users = redis.cache({ ...DEFAULTS, clock }).entity(User, { load: new UserDatabase(aUser(1)).load });
    await users.get(key);
    await stop();
    const invalidating = outcomeOf(users.invalidate(key));
    await clock.advance(10_000);
    expect(await invalidating).toBe("E_PENDING");
    // From here on the clock stands still: no timer of the cache runs.
    await resume();
    await eventually(() => sizes().at(-1) === 0);
    expect(await redis.client.exists("user@1:1")).toBe(0);
  });

  test("after a second of outage writes do not wait for Redis any more", async () => {
    const users = redis.cache(DEFAULTS).entity(User, { load: async () => null });
    await users.get(key);
    await stop();
    await outcomeOf(users.invalidate(key));
    await eventually(async () => (await timed(outcomeOf(users.invalidate(key)))).ms < AT_ONCE_MS);
    const { ms } = await timed(users.write(key, async () => aUser(1)));
    expect(ms).toBeLessThan(AT_ONCE_MS);
  });

  test("a STRONG write is E_FENCE before anything is committed", async () => {
    const users = redis.cache(DEFAULTS).entity(StrongUser, { load: async () => null });
    await users.get(key);
    await stop();
    let committed = false;
    const error = await errorOf(
      users.write(key, async () => {
        committed = true;
        return aUser(1);
      }),
    );
    expect(error).toMatchObject({ code: "E_FENCE", committed: false, retryable: true });
    expect(committed).toBe(false);
    expect(sizes()).toEqual([]);
    expect(redis.events).toContainEqual({
      type: "write",
      entity: "strong-user",
      operation: "write",
      outcome: "refused",
    });
  });

  test("a STRONG write whose end cannot be delivered is committed while its marker stands, else E_UNCONFIRMED", async () => {
    const users = redis.cache({ ...DEFAULTS, markerMs: 900 }).entity(StrongUser, { load: async () => null });
    const alive = await users.write(key, async () => {
      await stop();
      return aUser(1, { version: 2 });
    });
    expect(alive).toEqual({ version: 2 });
    await resume();
    await eventually(() => sizes().at(-1) === 0);
    const error = await errorOf(
      users.write(key, async ({ signal }) => {
        await stop();
        await eventually(() => signal.aborted);
        return aUser(1, { version: 3 });
      }),
    );
    expect(error).toMatchObject({ code: "E_UNCONFIRMED", committed: true });
  });

  test("put and remove are E_UNAVAILABLE with a time to wait; later ones at once", async () => {
    const cache = redis.cache({ ...DEFAULTS, acceptWaitMs: 1_500 });
    const preferences = cache.entity(Preferences, { load: async () => null });
    await cache.ready();
    await stop();
    const first = await errorOf(preferences.put({ userId: 1 }, somePreferences(1)));
    expect(first).toMatchObject({ code: "E_UNAVAILABLE", retryAfterMs: 1_000, retryable: true });
    const { ms } = await timed(outcomeOf(preferences.remove({ userId: 1 })));
    expect(ms).toBeLessThan(AT_ONCE_MS);
    expect(await preferences.getEntry({ userId: 1 })).toMatchObject({
      source: "database",
      value: null,
      maybeStale: true,
    });
  });
});
