import { once } from "node:events";
import { decodeFrame } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import { DEFAULT_LEASE_MS, loaded } from "../src/index.ts";
import { eventually, gate, UserDatabase } from "./database.ts";
import { aProfile, aUser, Profile, User, type UserKey } from "./entities.ts";
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
    const loading = gate();
    db.gate = loading.opened;
    const options = { leaseMs: 1_200, scriptTimeoutMs: 390 };
    const [a, b] = [redis.cache(options), redis.cache(options)].map((cache) => cache.entity(User, { load: db.load }));
    const reading = Promise.all([a?.get(key), b?.get(key)]);
    const renewals = (): number =>
      redis.events.filter((event) => event.type === "command" && event.command === "renew").length;
    // One each third of the lease: after the fourth it has outlived its first grant.
    await eventually(() => renewals() === 4);
    loading.open();
    await reading;
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

  test.each([
    ["it was overtaken by a write or failed", null],
    ["a writer took it", `w${"B".repeat(22)}`],
  ])("a waiter does not wait for a lease that is gone: %s", async (_, lease) => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load });
    const name = `{${KEY}}@lease`;
    await redis.client.set(name, `r${"A".repeat(22)}`, "PX", 60_000);
    const reading = users.getEntry(key);
    await eventually(async () => (await redis.client.get(name))?.startsWith("R") === true);
    if (lease === null) await redis.client.del(name);
    else await redis.client.set(name, lease, "PX", 60_000);
    // The load deadline, after which a waiter would load whatever stands, is ten seconds.
    const patience = AbortSignal.timeout(5_000);
    expect(await Promise.race([reading, once(patience, "abort")])).toMatchObject({ source: "database" });
    expect(results()).toEqual([lease === null ? "miss" : "bypass"]);
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

describe("a signal", () => {
  test("that is aborted already ends a read before it begins", async () => {
    const db = new UserDatabase(aUser(1));
    const cache = redis.cache();
    await cache.ready();
    await redis.resetCalls();
    const reading = cache.entity(User, { load: db.load }).get(key, { signal: AbortSignal.abort("gone") });
    expect(await reading.catch((reason: unknown) => reason)).toBe("gone");
    expect(db.loads).toHaveLength(0);
    expect(await redis.allCalls()).toEqual({});
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
