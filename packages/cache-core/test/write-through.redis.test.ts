import { describe, expect, test } from "vitest";
import { loaded } from "../src/index.ts";
import { eventually, gate, UserDatabase } from "./database.ts";
import {
  aUser,
  Preferences,
  ReplicaUser,
  StrongUser,
  somePreferences,
  User,
  type UserKey,
  userWith,
} from "./entities.ts";
import { errorOf, outcomeOf } from "./outcome.ts";
import { redisFixture } from "./redis-fixture.ts";

const redis = redisFixture();
const key: UserKey = { id: 1 };
const KEY = "user@1:1";
const WRITERS = "{user@1:1}@writers";
const LEASE = "{user@1:1}@lease";

const outcomes = (): string[] => redis.events.flatMap((event) => (event.type === "write" ? [event.outcome] : []));

const commands = (): string[] => redis.events.flatMap((event) => (event.type === "command" ? [event.command] : []));

describe("write", () => {
  test("stores what was committed: the next read, anywhere, is a hit with the new row", async () => {
    const db = new UserDatabase(aUser(1));
    const [a, b] = [redis.cache(), redis.cache()].map((cache) => cache.entity(User, { load: db.load }));
    await a?.get(key);
    expect(await a?.write(key, async () => aUser(1, { name: "Renamed", version: 2 }))).toEqual({ version: 2 });
    expect(await b?.getEntry(key)).toMatchObject({ source: "redis", version: 2, value: { name: "Renamed" } });
    expect(db.loads).toHaveLength(1);
    expect(outcomes()).toEqual(["stored"]);
    expect(await redis.client.pttl(KEY)).toBeLessThanOrEqual(360_000);
    expect((await redis.client.keys("*")).toSorted()).toEqual([KEY, "{user@1:1}@floor"]);
  });

  test("while it commits, readers get the database's row, and nothing is stored", async () => {
    const db = new UserDatabase(aUser(1));
    const [a, b] = [redis.cache(), redis.cache()].map((cache) => cache.entity(User, { load: db.load }));
    await a?.get(key);
    await a?.write(key, async () => {
      expect(await redis.client.exists(KEY)).toBe(0);
      expect(await b?.getEntry(key)).toMatchObject({ source: "database" });
      expect(await redis.client.exists(KEY)).toBe(0);
      return aUser(1, { version: 2 });
    });
    expect(redis.events).toContainEqual({ type: "request", entity: "user", result: "bypass" });
  });

  test("a load that began before it cannot store the old row", async () => {
    const db = new UserDatabase(aUser(1, { name: "Old" }));
    const loading = gate();
    db.gate = loading.opened;
    const [a, b] = [redis.cache(), redis.cache()].map((cache) => cache.entity(User, { load: db.load }));
    const old = a?.get(key);
    await eventually(() => db.loads.length === 1);
    await b?.write(key, async () => aUser(1, { name: "New", version: 2 }));
    loading.open();
    await old;
    expect(await a?.get(key)).toMatchObject({ name: "New" });
  });

  test("of two writes that overlap neither stores: the order of their commits is not known here", async () => {
    const db = new UserDatabase(aUser(1));
    const [a, b] = [redis.cache(), redis.cache()].map((cache) => cache.entity(User, { load: db.load }));
    const [first, second] = [gate(), gate()];
    let begun = 0;
    const committing = (version: number, until: Promise<void>) => async (): Promise<User> => {
      begun += 1;
      await until;
      db.rows.set(1, aUser(1, { version }));
      return aUser(1, { version });
    };
    const firstWrite = a?.write(key, committing(2, first.opened));
    await eventually(() => begun === 1);
    const secondWrite = b?.write(key, committing(3, second.opened));
    await eventually(() => begun === 2);
    second.open();
    await secondWrite;
    first.open();
    await firstWrite;
    expect(outcomes()).toEqual(["deleted", "deleted"]);
    // The second knew that it was not alone and sent no value; the first was told by Redis.
    expect(commands().filter((command) => command === "store" || command === "finish")).toEqual(["finish", "store"]);
    expect(await redis.client.exists(KEY, WRITERS, LEASE)).toBe(0);
  });

  test("a persist that fails passes its error on, and ends the fence", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load });
    await users.get(key);
    const failure = new Error("unique violation");
    await expect(users.write(key, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await redis.client.keys("*")).toEqual([]);
    expect(await users.getEntry(key)).toMatchObject({ source: "database", version: 1 });
    expect(await users.getEntry(key)).toMatchObject({ source: "redis" });
    expect(outcomes()).toEqual(["error"]);
  });

  test("a writer that dies between begin and finish leaves nothing stale: readers load and do not store", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load });
    await users.get(key);
    const dying = redis.cache({ markerMs: 2_000 });
    const begun = gate();
    const never = new Promise<User>(() => {});
    void dying
      .entity(User, { load: db.load })
      .write(key, async () => {
        db.rows.set(1, aUser(1, { name: "New", version: 2 }));
        begun.open();
        return never;
      })
      .catch(() => {});
    await begun.opened;
    // A process that is killed sends nothing any more; its connection is gone.
    await dying.close();
    expect(await users.getEntry(key)).toMatchObject({ source: "database", value: { name: "New" } });
    expect(await redis.client.exists(KEY)).toBe(0);
    await eventually(async () => (await redis.client.exists(WRITERS, LEASE)) === 0, 10_000);
    await users.get(key);
    expect(await users.getEntry(key)).toMatchObject({ source: "redis", value: { name: "New" } });
  });

  test("its marker is renewed for as long as the commit takes", async () => {
    const users = redis.cache({ markerMs: 1_200, scriptTimeoutMs: 390 }).entity(User, { load: async () => null });
    let lost = true;
    await users.write(key, async ({ signal }) => {
      // One renewal each third of the marker: after the fourth it has outlived its first grant.
      await eventually(() => commands().filter((command) => command === "renew").length === 4);
      lost = signal.aborted;
      return aUser(1);
    });
    expect(lost).toBe(false);
    expect(outcomes()).toEqual(["stored"]);
  });

  test("a marker that is lost aborts the signal, and the write is not stored", async () => {
    const users = redis.cache({ markerMs: 450, scriptTimeoutMs: 140 }).entity(User, { load: async () => null });
    let aborted = false;
    await users.write(key, async ({ signal }) => {
      await redis.client.del(WRITERS, LEASE);
      await eventually(() => signal.aborted);
      aborted = true;
      return aUser(1);
    });
    expect(aborted).toBe(true);
    expect(outcomes()).toEqual(["deleted"]);
    expect(commands()).not.toContain("store");
    expect(await redis.client.exists(KEY)).toBe(0);
  });

  test("null deletes the row: not found is stored, and a replica that still has the row is refused", async () => {
    const db = new UserDatabase(aUser(1, { version: 4 }));
    const users = redis.cache().entity(User, { load: db.load });
    expect(await users.write(key, async () => loaded<User>(null, { version: 4 }))).toEqual({ version: 5 });
    expect(await users.getEntry(key)).toMatchObject({ source: "redis", value: null });
    expect(await redis.client.get("{user@1:1}@floor")).toBe("5");
    expect(db.loads).toHaveLength(0);
    await users.write(key, async () => aUser(1, { version: 6 }));
    expect(await users.get(key)).toMatchObject({ version: 6 });
  });

  test("undefined only invalidates", async () => {
    const users = redis.cache().entity(User, { load: new UserDatabase(aUser(1)).load });
    await users.get(key);
    expect(await users.write(key, async () => undefined)).toEqual({ version: 0 });
    expect(await redis.client.exists(KEY)).toBe(0);
  });

  test("what persist returned wrongly is told after the end of the write, with committed: true", async () => {
    const cache = redis.cache();
    const users = cache.entity(User, { load: new UserDatabase(aUser(1)).load });
    const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
      ["E_VERSION", async () => aUser(1, { version: 0 })],
      ["E_LOADER", async () => aUser(2)],
      ["E_LOADER", async () => "row"],
      ["E_TYPE", async () => ({ ...aUser(1), name: 5 })],
    ];
    for (const [code, persist] of cases) {
      await users.get(key);
      expect(await errorOf(users.write(key, persist as () => Promise<User>))).toMatchObject({ code, committed: true });
      expect(await redis.client.exists(KEY, WRITERS, LEASE)).toBe(0);
    }
    const replica = cache.entity(ReplicaUser, { load: async () => null });
    expect(await errorOf(replica.write(key, async () => undefined))).toMatchObject({
      code: "E_VERSION",
      committed: true,
    });
    expect(await errorOf(replica.write(key, async () => null))).toMatchObject({ code: "E_VERSION", committed: true });
  });

  test("a row above the size limit is committed and not stored", async () => {
    const users = redis.cache().entity(User, { load: async () => null });
    await users.write(key, async () => aUser(1, { name: "x".repeat(70_000) }));
    expect(outcomes()).toEqual(["deleted"]);
    expect(await redis.client.exists(KEY)).toBe(0);
  });

  test("an unversioned entity is written through as well", async () => {
    const Unversioned = userWith({ entity: "plain-user", version: null });
    const users = redis.cache().entity(Unversioned, { load: async () => null });
    expect(await users.write(key, async () => aUser(1))).toEqual({ version: 0 });
    expect(await users.getEntry(key)).toMatchObject({ source: "redis", version: 0 });
  });

  test("STRONG stores as well, and is refused for an entity with a log", async () => {
    const cache = redis.cache();
    const users = cache.entity(StrongUser, { load: async () => null });
    await users.write(key, async () => aUser(1, { version: 2 }));
    expect(await users.getEntry(key)).toMatchObject({ source: "redis", version: 2 });
    const preferences = cache.entity(Preferences, { load: async () => null });
    expect(await outcomeOf(preferences.write({ userId: 1 }, async () => somePreferences(1)))).toBe("E_PATTERN");
  });

  test("readers and writers at once: no read is older than what was written before it began", async () => {
    const db = new UserDatabase(aUser(1, { version: 1 }));
    const caches = [redis.cache(), redis.cache()].map((cache) => cache.entity(StrongUser, { load: db.load }));
    let written = 1;
    const stop = new AbortController();
    const writer = (async () => {
      for (let version = 2; version < 150; version++) {
        await caches[0]?.write(key, async () => {
          db.rows.set(1, aUser(1, { version }));
          return aUser(1, { version });
        });
        written = version;
      }
      stop.abort();
    })();
    let hits = 0;
    const readers = [...caches, ...caches].map(async (users) => {
      while (!stop.signal.aborted) {
        const least = written;
        const { version, source } = await users.getEntry(key);
        if (source === "redis") hits += 1;
        if (version < least) throw new Error(`read version ${version} after ${least} was written`);
      }
    });
    await Promise.all([writer, ...readers]);
    expect(hits).toBeGreaterThan(0);
  });
});
