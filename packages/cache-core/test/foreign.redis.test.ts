import { encodeEntry } from "@cachepact/wire";
import { expect, test } from "vitest";
import { eventually, UserDatabase } from "./database.ts";
import { aUser, User, type UserKey, userWith } from "./entities.ts";
import { redisFixture } from "./redis-fixture.ts";

const redis = redisFixture();
const KEY = "user@1:1";
const key: UserKey = { id: 1 };
/** `User` as the next release has it: the same generation, another schema. */
const Next = userWith({ fingerprint: "00000001" });

const foreign = (): number => redis.events.filter(({ type }) => type === "foreign").length;

test("an entry of another release is a hit that says so, and is counted", async () => {
  const users = redis.cache().entity(User, { load: new UserDatabase(aUser(1)).load });
  await redis.client.set(KEY, Buffer.from(encodeEntry(Next, aUser(1, { name: "Next" }))), "PX", 60_000);
  expect(await users.getEntry(key)).toMatchObject({ source: "redis", foreign: true, value: { name: "Next" } });
  expect(foreign()).toBe(1);
  await users.invalidate(key);
  expect(await users.getEntry(key)).toMatchObject({ source: "database", foreign: false });
  expect(await users.getEntry(key)).toMatchObject({ source: "redis", foreign: false });
  expect(foreign()).toBe(1);
});

test.each([
  ["its own, which is what a loader may give back", User, "Old"],
  ["another release's, of which fields may be gone, is kept from it", Next, undefined],
])("a refresh is told the stale value only when it may be written back: %s", async (_, writer, told) => {
  const db = new UserDatabase(aUser(1, { version: 2 }));
  const cache = redis.cache();
  await cache.ready();
  const users = cache.entity(User, { load: db.load });
  const stale = encodeEntry(writer, aUser(1, { name: "Old" }), { staleAtMs: 1 });
  await redis.client.set(KEY, Buffer.from(stale), "PX", 60_000);
  expect(await users.getEntry(key)).toMatchObject({ source: "stale", foreign: told === undefined });
  await eventually(() => db.loads.length === 1);
  expect((db.loads[0]?.stale as { name?: string } | undefined)?.name).toBe(told);
});
