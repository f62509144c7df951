import { setImmediate as nextTick } from "node:timers/promises";
import { entryKeys, partitionOf } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import { type EntityCache, systemRandom } from "../src/index.ts";
import { eventually } from "./database.ts";
import { Preferences, type PreferencesKey, somePreferences } from "./entities.ts";
import { outcomeOf } from "./outcome.ts";
import { armPartitions, waitingWrites } from "./partitions.ts";
import { redisFixture } from "./redis-fixture.ts";

const redis = redisFixture();
const key: PreferencesKey = { userId: 1 };
/** The longest pause before a group is sent again: a later write has the time to overtake it. */
const SLOW = { ...systemRandom, next: () => 0.999 };

function preferences(options: Parameters<typeof redis.cache>[0] = {}): EntityCache<PreferencesKey, Preferences> {
  return redis.cache({ random: SLOW, ...options }).entity(Preferences, { load: async () => null });
}

/** Ids of `count` rows in the partition of `key`, or in another one. */
function rows(count: number, where: "same partition" | "other partition"): number[] {
  const partition = partitionOf(Preferences.record, String(key.userId));
  const ids = Array.from({ length: 1_000 }, (_, index) => index + 2);
  const wanted = (id: number): boolean => partitionOf(Preferences.record, String(id)) === partition;
  return ids.filter((id) => wanted(id) === (where === "same partition")).slice(0, count);
}

/** The first copy of a write has had its answer: the partition is not armed. */
async function refusedOnce(): Promise<void> {
  await eventually(() => redis.events.some((event) => event.type === "command" && event.command === "accept"));
}

describe("order of writes", () => {
  test("a later write of a row does not overtake an earlier one that must be sent again", async () => {
    const entity = preferences();
    const first = entity.put(key, somePreferences(1, { language: "first" }));
    await refusedOnce();
    await armPartitions(redis.client, Preferences.record);
    const second = entity.put(key, somePreferences(1, { language: "second" }));
    const third = entity.remove(key);
    const versions = [(await first).version, (await second).version, (await third).version];
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(await entity.getEntry(key)).toMatchObject({ value: null, version: versions[2] });
  });

  test("what waits for an answer goes out with one message when that comes", async () => {
    const entity = preferences();
    const first = entity.put(key, somePreferences(1));
    await refusedOnce();
    const later: ReturnType<typeof entity.put>[] = [];
    for (const userId of rows(10, "same partition")) {
      later.push(entity.put({ userId }, somePreferences(userId)));
      await nextTick();
    }
    await armPartitions(redis.client, Preferences.record);
    const ops = new Set((await Promise.all(later)).map(({ op }) => op));
    expect(ops.size).toBe(1);
    expect(ops.has((await first).op)).toBe(false);
  });

  test("more than a call may hold goes out in several, in call order", async () => {
    await armPartitions(redis.client, Preferences.record);
    const entity = preferences();
    const ids = rows(2, "same partition");
    const writes = Array.from({ length: 300 }, (_, index) => {
      const userId = ids[index % 2] ?? 0;
      return entity.put({ userId }, somePreferences(userId, { language: String(index) }));
    });
    const versions = (await Promise.all(writes)).map(({ version }) => version);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    const stand = await Promise.all(ids.map((userId) => entity.get({ userId })));
    expect(stand.map((row) => row?.language)).toEqual(["298", "299"]);
    expect(await waitingWrites(redis.client, Preferences.record)).toHaveLength(300);
  });

  test("a write that waits behind another one is refused as soon as that one", async () => {
    const entity = preferences({ acceptWaitMs: 400 });
    const first = outcomeOf(entity.put(key, somePreferences(1)));
    await refusedOnce();
    const later = outcomeOf(entity.put(key, somePreferences(1)));
    expect([await first, await later]).toEqual(["E_UNAVAILABLE", "E_UNAVAILABLE"]);
    expect(await waitingWrites(redis.client, Preferences.record)).toEqual([]);
  });

  test("a partition whose records are broken does not hold up the others of its message", async () => {
    await armPartitions(redis.client, Preferences.record);
    const cache = redis.cache();
    const entity = cache.entity(Preferences, { load: async () => null });
    const { log } = entryKeys(Preferences.record, "", key);
    await redis.client.set(log?.meta ?? "", "not a hash");
    const broken = outcomeOf(entity.put(key, somePreferences(1)));
    const [other = 0] = rows(1, "other partition");
    await entity.put({ userId: other }, somePreferences(other));
    expect(await waitingWrites(redis.client, Preferences.record)).toMatchObject([{ id: String(other) }]);
    await cache.close();
    expect(await broken).toBe("E_UNKNOWN");
  });
});
