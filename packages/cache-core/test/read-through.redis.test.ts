import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeFrame, encodeEntry } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import { DEFAULT_LEASE_MS, loaded } from "../src/index.ts";
import { eventually, gate, UserDatabase } from "./database.ts";
import { aProfile, aUser, Profile, ReplicaUser, User, type UserKey, userWith } from "./entities.ts";
import { outcomeOf } from "./outcome.ts";
import { redisFixture } from "./redis-fixture.ts";

const redis = redisFixture();
const KEY = "user@1:1";
const key: UserKey = { id: 1 };

const results = (): string[] => redis.events.flatMap((event) => (event.type === "request" ? [event.result] : []));
const fills = (): string[] => redis.events.flatMap((event) => (event.type === "fill" ? [event.result] : []));

/** Well before it would have lapsed by itself. */
async function leaseGivenBack(): Promise<void> {
  await eventually(async () => (await redis.client.keys("*")).length === 0, DEFAULT_LEASE_MS / 2);
}

describe("hit and miss", () => {
  test("a hit is exactly one GET", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load });
    await users.get(key);
    await redis.resetCalls();
    expect(await users.get(key)).toMatchObject({ id: 1, name: "User 1" });
    expect(await redis.allCalls()).toEqual({ get: 1 });
    expect(db.loads).toHaveLength(1);
    expect(results()).toEqual(["miss", "hit"]);
  });

  test("a miss fills with a ttl within its bounds: jitter only shortens, grace is added", async () => {
    const db = new UserDatabase(...Array.from({ length: 50 }, (_, index) => aUser(index + 1)));
    const users = redis.cache().entity(User, { load: db.load });
    await Promise.all(Array.from({ length: 50 }, (_, index) => users.get({ id: index + 1 })));
    const ttls = await Promise.all(Array.from({ length: 50 }, (_, index) => redis.client.pttl(`user@1:${index + 1}`)));
    expect(Math.max(...ttls)).toBeLessThanOrEqual(360_000);
    expect(Math.min(...ttls)).toBeGreaterThan(330_000 - 2_000);
    expect(Math.max(...ttls) - Math.min(...ttls)).toBeGreaterThan(1_000);
  });

  test("an entry is stamped with Redis' own time and carries its version", async () => {
    const users = redis.cache().entity(User, { load: new UserDatabase(aUser(1, { version: 7 })).load });
    const [seconds] = await redis.client.time();
    await users.get(key);
    const frame = decodeFrame((await redis.client.getBuffer(KEY)) ?? Buffer.alloc(0));
    expect(frame.version).toBe(7);
    const freshMs = frame.staleAtMs - Number(seconds) * 1000;
    expect(freshMs).toBeGreaterThan(269_000);
    expect(freshMs).toBeLessThanOrEqual(301_100);
  });

  test("getEntry says where a value came from", async () => {
    const users = redis.cache().entity(User, { load: new UserDatabase(aUser(1, { version: 7 })).load });
    expect(await users.getEntry(key)).toMatchObject({ source: "database", version: 7, maybeStale: false });
    expect(await users.getEntry(key)).toMatchObject({ source: "redis", version: 7, maybeStale: false });
  });

  test("not found is remembered for the negative ttl, and replaced by an invalidation", async () => {
    const db = new UserDatabase();
    const users = redis.cache().entity(User, { load: db.load });
    expect(await users.get(key)).toBeNull();
    expect(await users.get(key)).toBeNull();
    expect(db.loads).toHaveLength(1);
    expect(results()).toEqual(["miss", "negative"]);
    expect(await redis.client.pttl(KEY)).toBeLessThanOrEqual(30_000);
    db.rows.set(1, aUser(1));
    await users.invalidate(key);
    expect(await users.get(key)).toMatchObject({ id: 1 });
  });

  test("a PLAIN entry is bare JSON for anybody, and what a naive client writes is read", async () => {
    const profiles = redis.cache().entity(Profile, { load: async ({ userId }) => (userId === 1 ? aProfile(1) : null) });
    await profiles.get({ userId: 1 });
    expect(JSON.parse((await redis.client.get("profile:1")) ?? "")).toMatchObject({
      user_id: 1,
      display_name: "User 1",
    });
    await redis.client.set(
      "profile:2",
      JSON.stringify({ display_name: "By hand", user_id: 2, joined_at: "2024-01-01T00:00:00Z" }),
    );
    expect(await profiles.get({ userId: 2 })).toMatchObject({ displayName: "By hand" });
    await profiles.get({ userId: 3 });
    expect(await redis.client.get("profile:3")).toBe("null");
  });

  test("a namespace separates two caches on one server", async () => {
    const users = redis.cache({ namespace: "acme" }).entity(User, { load: new UserDatabase(aUser(1)).load });
    await users.get(key);
    expect(await redis.client.keys("*")).toEqual(["acme:user@1:1"]);
  });

  test("a loader may give an entry a shorter ttl", async () => {
    const users = redis.cache().entity(User, { load: async () => loaded(aUser(1), { ttlMs: 1_000 }) });
    await users.get(key);
    expect(await redis.client.pttl(KEY)).toBeLessThanOrEqual(61_000);
  });

  test("a value above the size limit is handed on, and not stored", async () => {
    const huge = aUser(1, { name: "x".repeat(70_000) });
    const db = new UserDatabase(huge);
    const users = redis.cache().entity(User, { load: db.load });
    expect((await users.get(key))?.name).toHaveLength(70_000);
    expect(fills()).toEqual(["error"]);
    await leaseGivenBack();
  });

  test("a value that the contract refuses is refused, whether or not Redis has a part in it", async () => {
    const wrong = { ...aUser(1), createdAt: "yesterday" } as unknown as User;
    const options = { load: async () => wrong };
    expect(await outcomeOf(redis.cache().entity(User, options).get(key))).toBe("E_TYPE");
    const off = redis.cache().entity(User, { ...options, enabled: () => false });
    expect(await outcomeOf(off.get(key))).toBe("E_TYPE");
    await leaseGivenBack();
  });
});

describe("stampede", () => {
  test("100 callers on one cold key are one load", async () => {
    const db = new UserDatabase(aUser(1));
    db.delayMs = 50;
    const users = redis.cache().entity(User, { load: db.load });
    const values = await Promise.all(Array.from({ length: 100 }, () => users.get(key)));
    expect(new Set(values.map((value) => value?.id))).toEqual(new Set([1]));
    expect(db.loads).toHaveLength(1);
  });

  test("two processes on one cold key are one load: the other waits and reads what was stored", async () => {
    const db = new UserDatabase(aUser(1));
    db.delayMs = 60;
    const [a, b] = [redis.cache(), redis.cache()].map((cache) => cache.entity(User, { load: db.load }));
    const values = await Promise.all([a?.get(key), b?.get(key)]);
    expect(values.map((value) => value?.id)).toEqual([1, 1]);
    expect(db.loads).toHaveLength(1);
  });

  test("a lease is renewed for as long as its load takes", async () => {
    const db = new UserDatabase(aUser(1));
    db.delayMs = 1_300;
    const options = { leaseMs: 400, scriptTimeoutMs: 130 };
    const [a, b] = [redis.cache(options), redis.cache(options)].map((cache) => cache.entity(User, { load: db.load }));
    await Promise.all([a?.get(key), b?.get(key)]);
    expect(db.loads).toHaveLength(1);
    expect(fills()).toEqual(["stored"]);
  });

  test("when a holder dies, a waiter loads after its lease", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load });
    await redis.client.set(`{${KEY}}@lease`, `r${"A".repeat(22)}`, "PX", 150);
    expect(await users.get(key)).toMatchObject({ id: 1 });
    expect(db.loads).toHaveLength(1);
    expect(fills()).toEqual(["stored"]);
  });

  test("a waiter that waited for a whole load deadline loads by itself and stores nothing", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load, loadTimeoutMs: 200 });
    await redis.client.set(`{${KEY}}@lease`, `r${"A".repeat(22)}`, "PX", 60_000);
    expect(await users.getEntry(key)).toMatchObject({ source: "database" });
    expect(results()).toEqual(["bypass"]);
    expect(await redis.client.exists(KEY)).toBe(0);
  });
});

describe("errors of the loader", () => {
  test("reach every waiter and are never cached; the lease is given back", async () => {
    const db = new UserDatabase(aUser(1));
    db.failure = new Error("database is down");
    db.delayMs = 20;
    const users = redis.cache().entity(User, { load: db.load });
    const outcomes = await Promise.allSettled([users.get(key), users.get(key), users.get(key)]);
    expect(outcomes.map((outcome) => (outcome.status === "rejected" ? String(outcome.reason) : "value"))).toEqual(
      Array.from({ length: 3 }, () => "Error: database is down"),
    );
    await leaseGivenBack();
    db.failure = null;
    expect(await users.get(key)).toMatchObject({ id: 1 });
  });

  test("past its hard deadline a load is E_LOAD_TIMEOUT, its signal aborted, its lease given back", async () => {
    let signal: AbortSignal | undefined;
    const users = redis.cache().entity(User, {
      load: (_key, context) => {
        signal = context.signal;
        return new Promise(() => {});
      },
      loadTimeoutMs: 50,
    });
    expect(await outcomeOf(users.get(key))).toBe("E_LOAD_TIMEOUT");
    expect(signal?.aborted).toBe(true);
    await leaseGivenBack();
  });

  test("undefined is E_LOADER, and so is a row of another key", async () => {
    const cache = redis.cache();
    const forgetful = cache.entity(User, { load: async () => undefined as unknown as User });
    expect(await outcomeOf(forgetful.get(key))).toBe("E_LOADER");
    const confused = cache.entity(User, { load: async () => aUser(2) });
    expect(await outcomeOf(confused.get(key))).toBe("E_LOADER");
  });

  test("a caller's signal ends its own wait and nobody else's", async () => {
    const db = new UserDatabase(aUser(1));
    const loading = gate();
    db.gate = loading.opened;
    const users = redis.cache().entity(User, { load: db.load });
    const abort = new AbortController();
    const impatient = users.get(key, { signal: abort.signal }).catch((reason: unknown) => reason);
    const patient = users.get(key);
    await eventually(() => db.loads.length === 1);
    abort.abort("gone");
    expect(await impatient).toBe("gone");
    loading.open();
    expect(await patient).toMatchObject({ id: 1 });
  });
});

describe("stale within grace", () => {
  const Short = userWith({ entity: "short-user", ttl_ms: 60, grace_ms: 60_000, jitter_ratio: 0 });
  const SHORT = "short-user@1:1";

  test("is answered at once and refreshed in the background, once", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(Short, { load: db.load });
    await users.get(key);
    db.rows.set(1, aUser(1, { name: "Renamed", version: 2 }));
    await sleep(80); // The entry turns stale on Redis' own clock.
    db.delayMs = 30;
    const entries = await Promise.all(Array.from({ length: 20 }, () => users.getEntry(key)));
    expect(new Set(entries.map((entry) => `${entry.source} ${entry.value?.name}`))).toEqual(new Set(["stale User 1"]));
    await eventually(() => fills().length === 2);
    expect(await users.getEntry(key)).toMatchObject({ source: "redis", value: { name: "Renamed" } });
    expect(db.loads).toHaveLength(2);
    expect(db.loads[1]?.stale).toMatchObject({ name: "User 1" });
    expect(results().filter((result) => result === "stale")).toHaveLength(20);
  });

  test("an unchanged row is stamped fresh again", async () => {
    const users = redis.cache().entity(Short, { load: new UserDatabase(aUser(1)).load });
    await users.get(key);
    const before = await redis.client.getBuffer(SHORT);
    await sleep(80); // As above.
    await users.get(key);
    await eventually(async () => !(await redis.client.getBuffer(SHORT))?.equals(before ?? Buffer.alloc(0)));
    expect(fills()).toEqual(["stored", "stored"]);
  });

  test("after a refresh that failed the key rests, and the stale copy is still served", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(Short, { load: db.load });
    await users.get(key);
    db.failure = new Error("down");
    await sleep(80); // As above.
    for (let read = 0; read < 10; read++) {
      expect(await users.getEntry(key)).toMatchObject({ source: "stale" });
      await sleep(5); // Lets a refresh that should not have started start.
    }
    expect(db.loads).toHaveLength(2);
  });

  test("while another process refreshes, no second load starts", async () => {
    const db = new UserDatabase(aUser(1));
    const [a, b] = [redis.cache(), redis.cache()].map((cache) => cache.entity(Short, { load: db.load }));
    await a?.get(key);
    await sleep(80); // As above.
    db.delayMs = 50;
    await Promise.all([a?.get(key), b?.get(key)]);
    await eventually(() => fills().length === 2);
    expect(db.loads).toHaveLength(2);
  });
});

describe("minVersion", () => {
  test("an older entry is not enough: the primary is read, and the newer row stored", async () => {
    const db = new UserDatabase(aUser(1, { version: 3 }));
    const users = redis.cache().entity(User, { load: db.load });
    await users.get(key);
    db.rows.set(1, aUser(1, { version: 5 }));
    expect(await users.getEntry(key, { minVersion: 3 })).toMatchObject({ source: "redis", version: 3 });
    expect(await users.getEntry(key, { minVersion: 5 })).toMatchObject({ source: "database", version: 5 });
    expect(db.loads.map((load) => load.primary)).toEqual([false, true]);
    expect(await users.getEntry(key, { minVersion: 5 })).toMatchObject({ source: "redis", version: 5 });
  });

  test("a row that is older than the token is E_MIN_VERSION, and the lease is given back", async () => {
    const users = redis.cache().entity(User, { load: new UserDatabase(aUser(1, { version: 3 })).load });
    expect(await outcomeOf(users.get(key, { minVersion: 4 }))).toBe("E_MIN_VERSION");
    await leaseGivenBack();
  });

  test("a remembered not-found does not answer it, the primary's not-found does", async () => {
    const db = new UserDatabase();
    const users = redis.cache().entity(User, { load: db.load });
    await users.get(key);
    expect(await users.getEntry(key, { minVersion: 1 })).toMatchObject({ value: null, source: "database" });
    expect(db.loads).toHaveLength(2);
  });

  test("needs an entity with versions, and a whole number", async () => {
    const cache = redis.cache();
    const profiles = cache.entity(Profile, { load: async () => null });
    expect(await outcomeOf(profiles.get({ userId: 1 }, { minVersion: 1 }))).toBe("E_OPTION");
    const users = cache.entity(User, { load: async () => null });
    expect(await outcomeOf(users.get(key, { minVersion: 1.5 }))).toBe("E_RANGE");
  });
});

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
});

describe("bytes that cannot be decoded", () => {
  test("are a counted miss and are replaced, whatever they are", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load });
    const foreign = encodeEntry(User, aUser(2), { staleAtMs: 4_000_000_000_000 });
    const newerFrame = Buffer.concat([Buffer.from("c1ca0a", "hex"), Buffer.alloc(30)]);
    for (const bytes of [
      Buffer.from("garbage"),
      Buffer.from(foreign),
      newerFrame,
      Buffer.from("c1ca090c", "hex"),
      Buffer.alloc(0),
    ]) {
      await redis.client.set(KEY, bytes, "PX", 60_000);
      expect(await users.getEntry(key), bytes.toString("hex")).toMatchObject({ source: "database", value: { id: 1 } });
      expect(await users.getEntry(key), bytes.toString("hex")).toMatchObject({ source: "redis", value: { id: 1 } });
    }
    const codes = redis.events.flatMap((event) => (event.type === "decode_failure" ? [event.code] : []));
    expect(codes).toHaveLength(5);
    expect(codes).toContain("E_BINDING");
  });

  test("that a waiter has rejected are not counted again while it waits", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load });
    await redis.client.set(KEY, "garbage", "PX", 60_000);
    await redis.client.set(`{${KEY}}@lease`, `r${"A".repeat(22)}`, "PX", 200);
    await users.get(key);
    expect(redis.events.filter((event) => event.type === "decode_failure")).toHaveLength(1);
    expect(fills()).toEqual(["stored"]);
  });

  test("are never deleted blindly: what another has stored meanwhile stays", async () => {
    const loading = gate();
    const db = new UserDatabase(aUser(1, { version: 1 }));
    db.gate = loading.opened;
    const users = redis.cache().entity(User, { load: db.load });
    const garbage = Buffer.from("garbage");
    await redis.client.set(KEY, garbage, "PX", 60_000);
    const reading = users.get(key);
    await eventually(() => db.loads.length === 1);
    const newer = Buffer.from(encodeEntry(User, aUser(1, { version: 9 }), { staleAtMs: 4_000_000_000_000 }));
    await redis.client.set(KEY, newer, "PX", 60_000);
    loading.open();
    await reading;
    expect(
      createHash("sha1")
        .update((await redis.client.getBuffer(KEY)) ?? "")
        .digest("hex"),
    ).toBe(createHash("sha1").update(newer).digest("hex"));
    expect(fills()).toEqual(["newer"]);
  });
});

describe("the switch", () => {
  test("off: reads go to the loader and store nothing, and writes still invalidate", async () => {
    let enabled = true;
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load, enabled: () => enabled });
    await users.get(key);
    enabled = false;
    await redis.resetCalls();
    expect(await users.getEntry(key)).toMatchObject({ source: "database" });
    expect(await redis.allCalls()).toEqual({});
    expect(results()).toEqual(["miss", "bypass"]);
    await users.write(key, async () => aUser(1, { version: 2 }));
    expect(await redis.client.exists(KEY)).toBe(0);
    enabled = true;
    db.rows.set(1, aUser(1, { version: 2 }));
    await users.get(key);
    enabled = false;
    await users.invalidate(key);
    expect(await redis.client.exists(KEY)).toBe(0);
  });
});
