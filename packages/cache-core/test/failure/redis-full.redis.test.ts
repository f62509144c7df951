import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_LEASE_MS } from "../../src/index.ts";
import { eventually, UserDatabase } from "../database.ts";
import { aUser, Preferences, somePreferences, User, type UserKey } from "../entities.ts";
import { errorOf } from "../outcome.ts";
import { armPartitions } from "../partitions.ts";
import { redisFixture } from "../redis-fixture.ts";

const redis = redisFixture({ "maxmemory-policy": "noeviction" });
const key: UserKey = { id: 1 };

/** A limit that what is held exceeds, whatever buffers come and go meanwhile. */
async function fill(): Promise<void> {
  await redis.client.config("SET", "maxmemory", "1");
}

beforeEach(() => armPartitions(redis.client, Preferences.record));
afterEach(async () => {
  await redis.client.config("SET", "maxmemory", "0");
});

describe("Redis is full", () => {
  test("a miss is answered by the loader and stored nowhere", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load });
    await users.get({ id: 2 });
    await fill();
    expect(await users.getEntry(key)).toMatchObject({ source: "database", value: { id: 1 } });
    expect(redis.events).toContainEqual({ type: "command_error", command: "acquire", reason: "oom" });
    expect(await redis.client.exists("user@1:1")).toBe(0);
  });

  test("full between acquire and fill: the value is handed on, and the lease given back", async () => {
    const users = redis.cache().entity(User, {
      load: async () => {
        await fill();
        return aUser(1);
      },
    });
    expect(await users.get(key)).toMatchObject({ id: 1 });
    expect(redis.events).toContainEqual({ type: "command_error", command: "fill", reason: "oom" });
    await eventually(async () => (await redis.client.exists("{user@1:1}@lease")) === 0, DEFAULT_LEASE_MS / 2);
  });

  test("what is there is still read, and an invalidation still removes it", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load });
    await users.get(key);
    await fill();
    expect(await users.getEntry(key)).toMatchObject({ source: "redis" });
    await users.invalidate(key);
    expect(await redis.client.exists("user@1:1")).toBe(0);
  });

  test("a write through commits and leaves no old value", async () => {
    const users = redis.cache().entity(User, { load: async () => aUser(1) });
    await users.get(key);
    await fill();
    expect(await users.write(key, async () => aUser(1, { version: 2 }))).toEqual({ version: 2 });
    expect(redis.events).toContainEqual({ type: "write", entity: "user", operation: "write", outcome: "deleted" });
    expect(await redis.client.exists("user@1:1")).toBe(0);
  });

  test("a write-behind write is E_FULL with a time to wait", async () => {
    const cache = redis.cache();
    const preferences = cache.entity(Preferences, { load: async () => null });
    await cache.ready();
    await fill();
    const error = await errorOf(preferences.put({ userId: 1 }, somePreferences(1)));
    expect(error).toMatchObject({ code: "E_FULL", retryable: true });
    expect(error["retryAfterMs"]).toBeGreaterThan(0);
  });
});
