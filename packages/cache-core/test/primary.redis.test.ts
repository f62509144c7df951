import { decodeFrame } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import { eventually, gate, UserDatabase } from "./database.ts";
import { aUser, ReplicaUser, User, type UserKey } from "./entities.ts";
import { outcomeOf } from "./outcome.ts";
import { redisFixture } from "./redis-fixture.ts";

const redis = redisFixture();
const KEY = "user@1:1";
const REPLICA_KEY = "replica-user@1:1";
const key: UserKey = { id: 1 };

const fills = (): string[] => redis.events.flatMap((event) => (event.type === "fill" ? [event.result] : []));

describe("a lagging replica", () => {
  test("a floor makes the loader read the primary", async () => {
    const db = new UserDatabase(aUser(1, { version: 2 }));
    const users = redis.cache().entity(ReplicaUser, { load: db.load });
    await users.invalidate(key, { version: 2 });
    await users.get(key);
    expect(db.loads.map((load) => load.primary)).toEqual([true]);
  });

  test("a row below the floor is not stored: the primary is read once more", async () => {
    const db = new UserDatabase(aUser(1, { version: 1 }));
    const users = redis.cache().entity(User, {
      load: async (id, context) => {
        if (context.primary) db.rows.set(1, aUser(1, { version: 2 }));
        return db.load(id, context);
      },
    });
    await redis.client.set(`{${KEY}}@floor`, "2", "PX", 60_000);
    expect(await users.getEntry(key)).toMatchObject({ version: 2, source: "database" });
    expect(fills()).toEqual(["stale"]);
    expect(db.loads.map((load) => load.primary)).toEqual([false, true]);
    expect(await redis.client.exists(KEY)).toBe(0);
  });

  test("unless Redis never evicts, its row is fresh only as long as the floor stands", async () => {
    const cache = redis.cache();
    const users = cache.entity(ReplicaUser, { load: new UserDatabase(aUser(1)).load });
    await redis.client.config("SET", "maxmemory-policy", "volatile-lfu");
    await cache.ready();
    await users.get(key);
    const frame = decodeFrame((await redis.client.getBuffer("replica-user@1:1")) ?? Buffer.alloc(0));
    const [seconds] = await redis.client.time();
    expect(frame.staleAtMs - Number(seconds) * 1000).toBeLessThanOrEqual(61_000);
    await redis.client.config("SET", "maxmemory-policy", "noeviction");
  });

  test("while Redis cannot tell whether a floor stands, the primary is read", async () => {
    const db = new UserDatabase(aUser(1));
    let enabled = true;
    const users = redis.cache().entity(ReplicaUser, { load: db.load, enabled: () => enabled });
    // Keys of a foreign type make one message fail and leave the others alone: first the script, then the read.
    await redis.client.hset(`{${REPLICA_KEY}}@lease`, "foreign", "1");
    await users.get(key);
    await redis.client.hset(REPLICA_KEY, "foreign", "1");
    await users.get(key);
    expect(await outcomeOf(users.invalidate(key, { version: 1 }))).toBe("E_PENDING");
    await users.get(key);
    enabled = false;
    await users.get(key);
    expect(db.loads.map((load) => load.primary)).toEqual([true, true, true, true]);
    expect(redis.events.flatMap((event) => (event.type === "request" ? [event.result] : []))).toEqual([
      "error",
      "error",
      "bypass",
      "bypass",
    ]);
  });

  test("a not-found of the primary is the answer, though a floor keeps it from being stored", async () => {
    const db = new UserDatabase();
    const cache = redis.cache();
    await redis.client.set(`{${KEY}}@floor`, "2", "PX", 60_000);
    await redis.client.set(`{${REPLICA_KEY}}@floor`, "2", "PX", 60_000);
    expect(await cache.entity(User, { load: db.load }).get(key)).toBeNull();
    expect(await cache.entity(ReplicaUser, { load: db.load }).get(key)).toBeNull();
    expect(fills()).toEqual(["stale", "stale"]);
    expect(db.loads.map((load) => load.primary)).toEqual([false, true]);
  });

  test("a not-found of a replica is not: a floor that came up during its load sends it to the primary", async () => {
    const db = new UserDatabase();
    const loading = gate();
    db.gate = loading.opened;
    const users = redis.cache().entity(ReplicaUser, { load: db.load });
    const reading = users.get(key);
    await eventually(() => db.loads.length === 1);
    await redis.client.set(`{${REPLICA_KEY}}@floor`, "2", "PX", 60_000);
    db.rows.set(1, aUser(1, { version: 2 }));
    loading.open();
    expect(await reading).toMatchObject({ version: 2 });
    expect(db.loads.map((load) => load.primary)).toEqual([false, true]);
  });
});
