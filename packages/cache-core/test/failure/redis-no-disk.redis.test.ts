import { rm } from "node:fs/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually, UserDatabase } from "../database.ts";
import { aUser, Preferences, somePreferences, User, type UserKey } from "../entities.ts";
import { errorOf, outcomeOf } from "../outcome.ts";
import { armPartitions } from "../partitions.ts";
import { redisFixture } from "../redis-fixture.ts";

const redis = redisFixture({ save: "3600 1" });
const key: UserKey = { id: 1 };

async function refuseWrites(wanted: "yes" | "no"): Promise<void> {
  await redis.client.config("SET", "stop-writes-on-bgsave-error", wanted);
}

beforeAll(async () => {
  await refuseWrites("no");
  const [, folder = ""] = await redis.client.config("GET", "dir");
  await rm(folder, { recursive: true, force: true });
  await redis.client.bgsave();
  await eventually(async () => /rdb_last_bgsave_status:err/.test(await redis.client.info("persistence")));
});
beforeEach(async () => {
  await armPartitions(redis.client, Preferences.record);
  await refuseWrites("yes");
});
afterEach(() => refuseWrites("no"));

// A server that cannot save its data refuses every script that may write, before it runs.
describe("Redis cannot write to its disk", () => {
  test("reads are answered by the loader, and an invalidation is owed", async () => {
    const users = redis.cache().entity(User, { load: new UserDatabase(aUser(1)).load });
    expect(await users.getEntry(key)).toMatchObject({ source: "database", value: { id: 1 } });
    expect(await outcomeOf(users.invalidate(key))).toBe("E_PENDING");
  });

  test("a write-behind write was surely not accepted", async () => {
    const preferences = redis.cache({ acceptWaitMs: 300 }).entity(Preferences, { load: async () => null });
    const error = await errorOf(preferences.put({ userId: 1 }, somePreferences(1)));
    expect(error).toMatchObject({ code: "E_UNAVAILABLE", retryAfterMs: 1_000 });
  });
});
