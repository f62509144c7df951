import { type Cache, createCache, type EntityCache, loaded } from "@cachepact/cache-core";
import { Preferences, type PreferencesKey } from "@cachepact/contracts";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { keysOf, preferences, Stack } from "./stack.ts";

const LONG_LEASES = { leaseMs: 20_000, markerMs: 20_000 };

let stack: Stack;
let cache: Cache;
let users: EntityCache<PreferencesKey, Preferences>;
beforeAll(async () => {
  stack = await Stack.start();
});
beforeEach(() => {
  // Deadlines that a busy machine keeps: a read that passes its own is answered by the table, which is still behind.
  cache = createCache({ redis: stack.redis.url, readTimeoutMs: 5_000, scriptTimeoutMs: 5_000, ...LONG_LEASES });
  users = cache.entity(Preferences, {
    load: async ({ userId }) => {
      const row = await stack.row(userId);
      return row === undefined ? null : loaded(Preferences.fromJson(JSON.stringify(row.doc)), { version: row.ver });
    },
  });
});
afterEach(async () => {
  await cache.close();
  await stack.stopWorkers();
  await stack.reset();
});
afterAll(() => stack.close());

test("a put is read back at once, and from the table when Redis no longer has it", async () => {
  stack.work();
  const { version } = await users.put({ userId: 7 }, preferences(7, "put"));
  expect(await users.get({ userId: 7 })).toEqual(preferences(7, "put"));
  await stack.drained();
  expect((await stack.row(7))?.ver).toBe(version);
  expect(await users.getEntry({ userId: 7 })).toMatchObject({ source: "redis", version });
  await stack.client.del(keysOf(7).value);
  expect(await users.getEntry({ userId: 7 })).toMatchObject({
    source: "database",
    version,
    value: preferences(7, "put"),
  });
});

test("a remove is read back at once as not found, and stays so after it is written", async () => {
  stack.work();
  await users.put({ userId: 7 }, preferences(7));
  await stack.drained();
  await users.remove({ userId: 7 });
  expect(await users.get({ userId: 7 })).toBeNull();
  await stack.drained();
  expect(await users.get({ userId: 7 })).toBeNull();
  expect(await stack.row(7)).toBeUndefined();
});

test("many puts of many keys at once end in the table as they were acknowledged", async () => {
  stack.work();
  const last = new Map<number, number>();
  await Promise.all(
    Array.from({ length: 2_000 }, async (_, i) => {
      const userId = 1 + (i % 300);
      const { version } = await users.put({ userId }, preferences(userId, `v${i}`));
      last.set(userId, Math.max(last.get(userId) ?? 0, version));
    }),
  );
  await stack.drained();
  const { rows } = await stack.pool.query("select id, ver from preferences");
  expect(new Map(rows.map((row) => [Number(row.id), Number(row.ver)]))).toEqual(last);
});
