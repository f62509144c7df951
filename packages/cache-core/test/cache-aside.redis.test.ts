import { describe, expect, test } from "vitest";
import { eventually, gate, UserDatabase } from "./database.ts";
import { aUser, ReplicaUser, User, type UserKey, userWith } from "./entities.ts";
import { outcomeOf } from "./outcome.ts";
import { redisFixture } from "./redis-fixture.ts";

const redis = redisFixture();
const key: UserKey = { id: 1 };

describe("invalidate", () => {
  test("the next read sees the new row, in this process and in another", async () => {
    const db = new UserDatabase(aUser(1));
    const [a, b] = [redis.cache(), redis.cache()].map((cache) => cache.entity(User, { load: db.load }));
    await a?.get(key);
    await b?.get(key);
    db.rows.set(1, aUser(1, { name: "Renamed" }));
    await a?.invalidate(key);
    expect((await b?.get(key))?.name).toBe("Renamed");
    expect((await a?.get(key))?.name).toBe("Renamed");
    expect(db.loads).toHaveLength(2);
  });

  test("during a load does not bring the old value back", async () => {
    const db = new UserDatabase(aUser(1, { name: "Old" }));
    const loading = gate();
    db.gate = loading.opened;
    const [a, b] = [redis.cache(), redis.cache()].map((cache) => cache.entity(User, { load: db.load }));
    const old = a?.get(key);
    await eventually(() => db.loads.length === 1);
    db.rows.set(1, aUser(1, { name: "New" }));
    await b?.invalidate(key);
    loading.open();
    // The read that began before may still answer with the old row; nothing may keep it.
    expect((await old)?.name).toBe("Old");
    expect(redis.events).toContainEqual({ type: "fill", entity: "user", result: "lost" });
    expect((await b?.get(key))?.name).toBe("New");
    expect((await a?.get(key))?.name).toBe("New");
  });

  test("a read that starts after it returned does not share a load from before it", async () => {
    const db = new UserDatabase(aUser(1, { name: "Old" }));
    const loading = gate();
    db.gate = loading.opened;
    const users = redis.cache().entity(User, { load: db.load });
    const before = users.get(key);
    await eventually(() => db.loads.length === 1);
    db.rows.set(1, aUser(1, { name: "New" }));
    await users.invalidate(key);
    const after = users.get(key);
    loading.open();
    expect((await before)?.name).toBe("Old");
    expect((await after)?.name).toBe("New");
  });

  test("raises the floor to the version that it names, so that an older row is not stored", async () => {
    const db = new UserDatabase(aUser(1, { version: 1 }));
    const users = redis.cache().entity(User, { load: db.load });
    await users.invalidate(key, { version: 2 });
    expect(await redis.client.get("{user@1:1}@floor")).toBe("2");
    expect(await redis.client.pttl("{user@1:1}@floor")).toBeGreaterThan(59_000);
    await users.get(key);
    expect(await redis.client.exists("user@1:1")).toBe(0);
  });

  test("reaches the announced and the previous generation", async () => {
    const current = userWith({ generation: 2, previous_generation: 1, next_generation: 3 });
    const users = redis.cache().entity(current, { load: async () => null });
    for (const generation of [1, 2, 3]) await redis.client.set(`user@${generation}:1`, "old", "PX", 60_000);
    await users.invalidate(key);
    expect(await redis.client.keys("user@*")).toEqual([]);
    for (const generation of [1, 2, 3]) await redis.client.set(`user@${generation}:1`, "old", "PX", 60_000);
    await users.write(key, async () => aUser(1));
    expect(await redis.client.keys("user@*")).toEqual(["user@2:1"]);
  });

  test("reaches generation 0, which its keys do not name", async () => {
    const users = redis.cache().entity(userWith({ generation: 1, previous_generation: 0 }), { load: async () => null });
    await redis.client.set("user:1", "old", "PX", 60_000);
    await users.invalidate(key);
    expect(await redis.client.exists("user:1")).toBe(0);
  });

  test("while it cannot be delivered, this process does not read the key from Redis, and then it is delivered", async () => {
    const db = new UserDatabase(aUser(1, { name: "Old" }));
    const [a, b] = [redis.cache(), redis.cache()].map((cache) => cache.entity(User, { load: db.load }));
    await a?.get(key);
    // A lease of a foreign type: the script fails, while reads of the value work as ever.
    await redis.client.hset("{user@1:1}@lease", "foreign", "1");
    db.rows.set(1, aUser(1, { name: "New" }));
    expect(await outcomeOf(a?.invalidate(key) ?? Promise.resolve())).toBe("E_PENDING");
    expect(await a?.getEntry(key)).toMatchObject({ source: "database", value: { name: "New" } });
    expect(await b?.getEntry(key)).toMatchObject({ source: "redis", value: { name: "Old" } });
    expect(redis.events).toContainEqual({ type: "request", entity: "user", result: "bypass" });
    await redis.client.del("{user@1:1}@lease");
    await eventually(() => redis.events.some((event) => event.type === "quarantine" && event.size === 0));
    expect((await b?.get(key))?.name).toBe("New");
    await a?.get(key);
    expect(await a?.getEntry(key)).toMatchObject({ source: "redis", value: { name: "New" } });
  });

  test("needs a version where the loader may read a replica, and refuses one that means nothing", async () => {
    const cache = redis.cache();
    const load = async (): Promise<null> => null;
    expect(await outcomeOf(cache.entity(ReplicaUser, { load }).invalidate(key))).toBe("E_VERSION");
    expect(await outcomeOf(cache.entity(ReplicaUser, { load }).invalidate(key, { version: 3 }))).toBe("ok");
    expect(await outcomeOf(cache.entity(User, { load }).invalidate(key, { version: -1 }))).toBe("E_RANGE");
    expect(await outcomeOf(cache.entity(userWith({ version: null }), { load }).invalidate(key, { version: 1 }))).toBe(
      "E_OPTION",
    );
  });

  test("under constant invalidation no read ever sees an older value than one that was invalidated before it began", async () => {
    const db = new UserDatabase(aUser(1, { version: 1 }));
    db.delayMs = 1;
    const caches = [redis.cache(), redis.cache(), redis.cache()].map((cache) => cache.entity(User, { load: db.load }));
    let committed = 1;
    let invalidated = 1;
    let reads = 0;
    const stop = new AbortController();
    const writer = (async () => {
      // On a busy machine the readers get few turns: go on until enough of them were among the writes.
      for (let round = 0; round < 150 || reads < 100; round++) {
        committed += 1;
        db.rows.set(1, aUser(1, { version: committed }));
        const version = committed;
        await caches[0]?.invalidate(key);
        invalidated = version;
      }
      stop.abort();
    })();
    const readers = caches.flatMap((users) =>
      [1, 2, 3].map(async () => {
        while (!stop.signal.aborted) {
          const least = invalidated;
          const version = (await users.get(key))?.version ?? 0;
          reads += 1;
          if (version < least) throw new Error(`read version ${version} after ${least} was invalidated`);
        }
      }),
    );
    await Promise.all([writer, ...readers]);
    expect(reads).toBeGreaterThanOrEqual(100);
  });
});
