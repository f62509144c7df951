import { defineEntity, entryKeys, logKeys, partitionOf, scripts } from "@cachepact/wire";
import { beforeEach, describe, expect, test } from "vitest";
import { type EntityCache, loaded } from "../src/index.ts";
import { eventually, gate } from "./database.ts";
import { aUser, Preferences, type PreferencesKey, somePreferences, User } from "./entities.ts";
import { errorOf, outcomeOf } from "./outcome.ts";
import { armPartitions, waitingWrites } from "./partitions.ts";
import { redisFixture } from "./redis-fixture.ts";

const redis = redisFixture();
const key: PreferencesKey = { userId: 1 };
const keys = entryKeys(Preferences.record, "", key);
/** What a database without the row says. */
const nothing = async (): Promise<null> => null;

beforeEach(() => armPartitions(redis.client, Preferences.record));

function preferences(
  load: () => Promise<ReturnType<typeof loaded<Preferences>> | null> = nothing,
): EntityCache<PreferencesKey, Preferences> {
  return redis.cache().entity(Preferences, { load });
}

const outcomes = (): string[] => redis.events.flatMap((event) => (event.type === "write" ? [event.outcome] : []));

describe("put and remove", () => {
  test("a value that was put is there at once, for every process, and stays until it is persisted", async () => {
    const [a, b] = [preferences(), preferences()];
    const { version, op } = await a.put(key, somePreferences(1, { language: "de" }));
    expect(version).toBeGreaterThan(1_600_000_000_000_000);
    expect(op).toMatch(/^\d+\.\d+\.[A-Za-z0-9_-]{22}$/);
    for (const entity of [a, b]) {
      expect(await entity.getEntry(key)).toMatchObject({
        source: "redis",
        version,
        value: { language: "de" },
        maybeStale: false,
      });
    }
    expect(await redis.client.pttl(keys.value)).toBe(-1);
    expect(await waitingWrites(redis.client, Preferences.record)).toEqual([{ id: "1", version }]);
    expect(await redis.client.hget(keys.log?.dirty ?? "", "1")).toBe(String(version));
    expect(outcomes()).toEqual(["accepted"]);
  });

  test("after remove the row is not found, though the database still has it", async () => {
    const entity = preferences(async () => loaded(somePreferences(1), { version: 5 }));
    await entity.put(key, somePreferences(1));
    const { version } = await entity.remove(key);
    expect(await entity.getEntry(key)).toMatchObject({ value: null, source: "redis", version });
    expect(await waitingWrites(redis.client, Preferences.record)).toHaveLength(2);
  });

  test("later writes of a key have higher versions", async () => {
    const entity = preferences();
    const versions: number[] = [];
    for (let write = 0; write < 20; write++) versions.push((await entity.put(key, somePreferences(1))).version);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(new Set(versions).size).toBe(20);
  });

  test("all writes of one tick travel in one call, one group a partition", async () => {
    const entity = preferences();
    await entity.put({ userId: 1_000 }, somePreferences(1_000));
    await redis.resetCalls();
    const accepted = await Promise.all(
      Array.from({ length: 100 }, (_, id) => entity.put({ userId: id }, somePreferences(id))),
    );
    expect(await redis.calls("evalsha")).toBe(1);
    const partitions = new Set(Array.from({ length: 100 }, (_, id) => partitionOf(Preferences.record, String(id))));
    expect(new Set(accepted.map(({ op }) => op)).size).toBe(partitions.size);
    const waiting = new Map(
      (await waitingWrites(redis.client, Preferences.record)).map(({ id, version }) => [id, version]),
    );
    accepted.forEach(({ version }, id) => expect(waiting.get(String(id))).toBe(version));
    expect(await entity.get({ userId: 57 })).toMatchObject({ userId: 57 });
  });

  test("a tick of more writes than a call may hold takes several calls", async () => {
    const entity = preferences();
    await entity.put({ userId: 1_000 }, somePreferences(1_000));
    await redis.resetCalls();
    await Promise.all(Array.from({ length: 300 }, (_, id) => entity.put({ userId: id }, somePreferences(id))));
    expect(await redis.calls("evalsha")).toBe(3);
    expect(await waitingWrites(redis.client, Preferences.record)).toHaveLength(301);
  });

  test("of several writes of one key in one tick the last one stands", async () => {
    const entity = preferences();
    const languages = ["en", "de", "fr"];
    const accepted = await Promise.all(languages.map((language) => entity.put(key, somePreferences(1, { language }))));
    expect(await entity.getEntry(key)).toMatchObject({ version: accepted[2]?.version, value: { language: "fr" } });
  });

  test("an entity without a log has no put, and an entity with one no write", async () => {
    const users = redis.cache().entity(User, { load: async () => null });
    expect(await outcomeOf(users.put({ id: 1 }, aUser(1)))).toBe("E_PATTERN");
    expect(await outcomeOf(users.remove({ id: 1 }))).toBe("E_PATTERN");
    expect(await outcomeOf(preferences().write(key, async () => somePreferences(1)))).toBe("E_PATTERN");
  });

  test("a value that the contract refuses, or of another key, is refused before anything is sent", async () => {
    const entity = preferences();
    expect(await outcomeOf(entity.put(key, somePreferences(2)))).toBe("E_LOADER");
    expect(await outcomeOf(entity.put(key, somePreferences(1, { language: "x".repeat(20_000) })))).toBe("E_SIZE");
    expect(
      await outcomeOf(entity.put(key, { ...somePreferences(1), emailOptIn: "yes" } as unknown as Preferences)),
    ).toBe("E_TYPE");
    expect(await waitingWrites(redis.client, Preferences.record)).toEqual([]);
  });

  test("a log at its limit refuses with a time to wait, and takes again what there is room for", async () => {
    await armPartitions(redis.client, Preferences.record, 1_000);
    const entity = preferences();
    await Promise.all([entity.put(key, somePreferences(1)), entity.put(key, somePreferences(1))]);
    const error = await errorOf(entity.put(key, somePreferences(1)));
    expect(error).toMatchObject({ code: "E_FULL", retryable: true });
    expect(error["retryAfterMs"]).toBeGreaterThan(0);
    expect(outcomes()).toEqual(["accepted", "accepted", "refused"]);
    await armPartitions(redis.client, Preferences.record);
    expect(await outcomeOf(entity.put(key, somePreferences(1)))).toBe("ok");
  });

  test("a partition that is armed a moment later takes the write then", async () => {
    await redis.client.flushall();
    const entity = preferences();
    const putting = entity.put(key, somePreferences(1));
    await eventually(async () => (await redis.calls("evalsha")) > 1);
    await armPartitions(redis.client, Preferences.record);
    expect((await putting).version).toBeGreaterThan(0);
  });

  test("a partition that no worker arms is E_UNAVAILABLE after the wait", async () => {
    await redis.client.flushall();
    const entity = redis.cache({ acceptWaitMs: 200 }).entity(Preferences, { load: nothing });
    expect(await errorOf(entity.put(key, somePreferences(1)))).toMatchObject({
      code: "E_UNAVAILABLE",
      retryAfterMs: 1_000,
    });
  });

  test("a partition whose clock runs ahead is followed after its first answer", async () => {
    const { meta } = logKeys(Preferences.record, "", keys.log?.partition ?? 0);
    const ahead = 3_600_000_000;
    const clk = Number(await redis.client.hget(meta, "clk"));
    await redis.client.hset(meta, "skew", String(ahead), "clk", String(clk + ahead));
    const entity = preferences();
    const { version } = await entity.put(key, somePreferences(1));
    expect(version).toBeGreaterThan(clk + ahead - 1);
    await redis.resetCalls();
    await entity.put(key, somePreferences(1));
    expect(await redis.calls("evalsha")).toBe(1);
  });

  test("a policy that evicts keys without a ttl is refused", async () => {
    await redis.client.config("SET", "maxmemory-policy", "allkeys-lru");
    const cache = redis.cache();
    const entity = cache.entity(Preferences, { load: nothing });
    expect(await outcomeOf(cache.ready())).toBe("E_EVICTION");
    expect(await outcomeOf(entity.put(key, somePreferences(1)))).toBe("E_EVICTION");
    expect(await waitingWrites(redis.client, Preferences.record)).toEqual([]);
    expect(await entity.get(key)).toBeNull();
    await redis.client.config("SET", "maxmemory-policy", "noeviction");
    const users = redis.cache();
    await users.ready();
  });
});

describe("reading what waits", () => {
  test("a value whose key was evicted is read from the stream, and not stored again", async () => {
    const entity = preferences();
    const { version } = await entity.put(key, somePreferences(1, { language: "de" }));
    await redis.client.del(keys.value);
    expect(await entity.getEntry(key)).toMatchObject({ source: "redis", version, value: { language: "de" } });
    expect(await redis.client.exists(keys.value)).toBe(0);
    expect(redis.events).toContainEqual({ type: "request", entity: "preferences", result: "pending" });
  });

  test("a deletion whose key was evicted is read from the stream", async () => {
    const entity = preferences(async () => loaded(somePreferences(1), { version: 5 }));
    await entity.remove(key);
    await redis.client.del(keys.value);
    expect(await entity.get(key)).toBeNull();
  });

  test("a row that nobody wrote comes from the database, and is stored with its version", async () => {
    const entity = preferences(async () => loaded(somePreferences(1), { version: 5 }));
    expect(await entity.getEntry(key)).toMatchObject({ source: "database", version: 5, maybeStale: false });
    expect(await entity.getEntry(key)).toMatchObject({ source: "redis", version: 5 });
    expect(await redis.client.pttl(keys.value)).toBeGreaterThan(0);
  });

  test("a load that a put overtakes stores nothing, and its caller gets what was put", async () => {
    let loads = 0;
    const loading = gate();
    const entity = preferences(async () => {
      loads += 1;
      await loading.opened;
      return loaded(somePreferences(1, { language: "old" }), { version: 5 });
    });
    const reading = entity.get(key);
    await eventually(() => loads === 1);
    await entity.put(key, somePreferences(1, { language: "new" }));
    await redis.client.del(keys.value);
    loading.open();
    expect(await reading).toMatchObject({ language: "new" });
    expect(redis.events).toContainEqual({ type: "fill", entity: "preferences", result: "stale" });
    expect(await redis.client.exists(keys.value)).toBe(0);
  });

  test("a write that is marked but cannot be read is answered by the database, marked maybeStale", async () => {
    const entity = preferences(async () => loaded(somePreferences(1, { language: "db" }), { version: 5 }));
    await redis.client.hset(keys.log?.dirty ?? "", "1", "77");
    expect(await entity.getEntry(key)).toMatchObject({
      source: "database",
      maybeStale: true,
      value: { language: "db" },
    });
    expect(await redis.client.exists(keys.value)).toBe(0);
    expect(redis.events).toContainEqual({ type: "request", entity: "preferences", result: "bypass" });
  });

  test.each(["", "x", "-1", "1e308", "9".repeat(30)])(
    "a mark that is no version does not fail a read: %s",
    async (mark) => {
      const entity = preferences(async () => loaded(somePreferences(1, { language: "db" }), { version: 5 }));
      await redis.client.hset(keys.log?.dirty ?? "", "1", mark);
      expect(await entity.getEntry(key)).toMatchObject({ maybeStale: true, value: { language: "db" } });
    },
  );

  test("after the worker's ack the value is clean, has a ttl and is still read", async () => {
    const entity = preferences();
    const { version } = await entity.put(key, somePreferences(1));
    const run = /run_id:(\w+)/.exec(await redis.client.info("server"))?.[1] ?? "";
    const { meta, wb, dirty } = keys.log ?? { meta: "", wb: "", dirty: "" };
    const names = [meta, wb, dirty, keys.value, keys.floor, keys.lease];
    const argv = [run, String(version), "1", "500", "1000", "0", "0", "1", keys.id, String(version), "A"];
    await redis.client.eval(scripts.ack.source, names.length, ...names, ...argv);
    expect(await redis.client.pttl(keys.value)).toBeGreaterThan(0);
    expect(await entity.getEntry(key)).toMatchObject({ source: "redis", version });
  });

  test("a token of put is a minVersion", async () => {
    const [a, b] = [preferences(), preferences()];
    const { version } = await a.put(key, somePreferences(1));
    expect(await b.getEntry(key, { minVersion: version })).toMatchObject({ source: "redis", version });
  });

  test.each(["under its key", "in the stream", "without its mark"])(
    "a token that is newer than what Redis has %s asks the database, which may have got it before Redis lost it",
    async (where) => {
      let row: ReturnType<typeof loaded<Preferences>> | null = null;
      const contexts: boolean[] = [];
      const entity = redis.cache().entity(Preferences, {
        load: async (_key, { primary }) => {
          contexts.push(primary);
          return row;
        },
      });
      const { version } = await entity.put(key, somePreferences(1));
      if (where === "in the stream") await redis.client.del(keys.value);
      if (where === "without its mark") await redis.client.hdel(keys.log?.dirty ?? "", keys.id);
      row = loaded(somePreferences(1, { language: "newer" }), { version: version + 1 });
      expect(await entity.getEntry(key, { minVersion: version + 1 })).toMatchObject({
        source: "database",
        version: version + 1,
        value: { language: "newer" },
        maybeStale: true,
      });
      row = loaded(somePreferences(1), { version });
      expect(await outcomeOf(entity.get(key, { minVersion: version + 1 }))).toBe("E_MIN_VERSION");
      expect(contexts).toEqual([true, true]);
    },
  );

  test("after a load below a floor the primary is read", async () => {
    const Lagging = defineEntity<PreferencesKey, Preferences>({ ...Preferences.record, replica_reads: true });
    const contexts: boolean[] = [];
    const entity = redis.cache().entity(Lagging, {
      load: async (_key, { primary }) => {
        contexts.push(primary);
        // The floor comes up while the row is on its way.
        await redis.client.set(keys.floor, "5", "PX", 60_000);
        return loaded(somePreferences(1), { version: primary ? 5 : 4 });
      },
    });
    expect(await entity.getEntry(key)).toMatchObject({ version: 5, maybeStale: false });
    expect(contexts).toEqual([false, true]);
  });

  test("an invalidation leaves a value that waits alone", async () => {
    const entity = preferences();
    await entity.put(key, somePreferences(1, { language: "de" }));
    await entity.invalidate(key);
    expect(await entity.get(key)).toMatchObject({ language: "de" });
    expect(outcomes()).toEqual(["accepted", "kept"]);
  });
});
