import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_SOCKET_TIMEOUT_MS } from "../../src/store/transport.ts";
import { eventually, UserDatabase } from "../database.ts";
import { aUser, Preferences, somePreferences, User, type UserKey } from "../entities.ts";
import { armPartitions, waitingWrites } from "../partitions.ts";
import { redisFixture } from "../redis-fixture.ts";

const redis = redisFixture();
const key: UserKey = { id: 1 };
const DEFAULTS = { readTimeoutMs: 100, scriptTimeoutMs: 200 };

beforeEach(() => armPartitions(redis.client, Preferences.record));
afterEach(() => redis.server.resume());

describe("Redis is frozen: it accepts bytes and answers nothing", () => {
  test("reads are answered by the loader within the deadline, also once the socket is given up", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache(DEFAULTS).entity(User, { load: db.load });
    await users.get(key);
    redis.server.pause();
    const until = performance.now() + 2_500;
    let slowest = 0;
    while (performance.now() < until) {
      const startedAt = performance.now();
      expect(await users.getEntry(key)).toMatchObject({ source: "database" });
      slowest = Math.max(slowest, performance.now() - startedAt);
    }
    // Nobody waited until the socket was given up.
    expect(slowest).toBeLessThan(DEFAULT_SOCKET_TIMEOUT_MS);
    const reasons = new Set(redis.events.flatMap((event) => (event.type === "command_error" ? [event.reason] : [])));
    expect(reasons).toEqual(new Set(["timeout", "unavailable"]));
    redis.server.resume();
    await eventually(async () => (await users.getEntry(key)).source === "redis");
  });

  test("a write commits, and what it owes is delivered when Redis goes on", async () => {
    const db = new UserDatabase(aUser(1, { name: "Old" }));
    const users = redis.cache(DEFAULTS).entity(User, { load: db.load });
    await users.get(key);
    redis.server.pause();
    await users.write(key, async () => {
      db.rows.set(1, aUser(1, { name: "New", version: 2 }));
      return aUser(1, { name: "New", version: 2 });
    });
    expect((await users.get(key))?.name).toBe("New");
    redis.server.resume();
    await eventually(() => redis.events.some((event) => event.type === "quarantine" && event.size === 0));
    expect((await users.get(key))?.name).toBe("New");
    const other = redis.cache().entity(User, { load: db.load });
    expect((await other.get(key))?.name).toBe("New");
  });

  test("a write-behind write that was not answered is sent again, and runs once", async () => {
    const cache = redis.cache(DEFAULTS);
    const preferences = cache.entity(Preferences, { load: async () => null });
    await cache.ready();
    redis.server.pause();
    const putting = preferences.put({ userId: 1 }, somePreferences(1));
    await eventually(() => redis.events.some((event) => event.type === "command_error" && event.command === "accept"));
    redis.server.resume();
    const { version } = await putting;
    expect(await waitingWrites(redis.client, Preferences.record)).toEqual([{ id: "1", version }]);
  });
});
