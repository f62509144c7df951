import { encodeEntry } from "@cachepact/wire";
import { beforeEach, describe, expect, test } from "vitest";
import type { EntityCache } from "../src/index.ts";
import { FakeClock } from "../src/testing/index.ts";
import { eventually, gate, UserDatabase } from "./database.ts";
import { aUser, User, type UserKey } from "./entities.ts";
import { redisFixture } from "./redis-fixture.ts";

const redis = redisFixture();
const KEY = "user@1:1";
const key: UserKey = { id: 1 };
/** Turned stale on 1 January 1970; its grace has not ended. */
const STALE = Buffer.from(encodeEntry(User, aUser(1, { name: "Old" }), { staleAtMs: 1 }));

const results = (): string[] => redis.events.flatMap((event) => (event.type === "request" ? [event.result] : []));
const fills = (): string[] => redis.events.flatMap((event) => (event.type === "fill" ? [event.result] : []));
const commands = (name: string): number =>
  redis.events.filter((event) => event.type === "command" && event.command === name).length;

/** An entry counts as fresh until Redis' time is known: a cache that is to see it stale must be connected. */
async function connected(db: UserDatabase, options: Parameters<typeof redis.cache>[0] = {}): Promise<Users> {
  const cache = redis.cache(options);
  await cache.ready();
  return cache.entity(User, { load: db.load });
}
type Users = EntityCache<UserKey, User>;

beforeEach(async () => {
  await redis.client.set(KEY, STALE, "PX", 60_000);
});

describe("stale within grace", () => {
  test("is answered at once and refreshed in the background, once", async () => {
    const db = new UserDatabase(aUser(1, { name: "New", version: 2 }));
    const loading = gate();
    db.gate = loading.opened;
    const users = await connected(db);
    const entries = await Promise.all(Array.from({ length: 20 }, () => users.getEntry(key)));
    expect(new Set(entries.map((entry) => `${entry.source} ${entry.value?.name}`))).toEqual(new Set(["stale Old"]));
    await eventually(() => db.loads.length === 1);
    loading.open();
    await eventually(() => fills().length === 1);
    expect(await users.getEntry(key)).toMatchObject({ source: "redis", value: { name: "New" } });
    expect(db.loads).toHaveLength(1);
    expect(commands("acquire")).toBe(1);
    expect(db.loads[0]?.stale).toMatchObject({ name: "Old" });
    expect(results().filter((result) => result === "stale")).toHaveLength(20);
  });

  test("an unchanged row is stamped fresh again", async () => {
    const users = await connected(new UserDatabase(aUser(1, { name: "Old" })));
    await users.get(key);
    await eventually(async () => !(await redis.client.getBuffer(KEY))?.equals(STALE));
    expect(await users.getEntry(key)).toMatchObject({ source: "redis", value: { name: "Old" } });
    expect(fills()).toEqual(["stored"]);
  });

  test("after a refresh that failed the key rests for a second, and the stale copy is still served", async () => {
    const db = new UserDatabase(aUser(1));
    const clock = new FakeClock();
    const users = await connected(db, { clock });
    db.failure = new Error("down");
    await users.get(key);
    // The lease is given back: the failed refresh has ended.
    await eventually(() => commands("release") === 1);
    for (let read = 0; read < 10; read++) expect(await users.getEntry(key)).toMatchObject({ source: "stale" });
    await clock.advance(499);
    expect(await users.getEntry(key)).toMatchObject({ source: "stale" });
    expect(db.loads).toHaveLength(1);
    await clock.advance(1_001);
    await users.get(key);
    await eventually(() => db.loads.length === 2);
  });

  test("while another process refreshes, no second load starts, and Redis is asked for the right to it once", async () => {
    const db = new UserDatabase(aUser(1));
    const loading = gate();
    db.gate = loading.opened;
    const a = await connected(db);
    await a.get(key);
    await eventually(() => db.loads.length === 1);
    const b = await connected(db, { clock: new FakeClock() });
    await b.get(key);
    await eventually(() => commands("acquire") === 2);
    for (let read = 0; read < 20; read++) expect(await b.getEntry(key)).toMatchObject({ source: "stale" });
    loading.open();
    await eventually(() => fills().length === 1);
    expect(await b.getEntry(key)).toMatchObject({ source: "redis" });
    expect(db.loads).toHaveLength(1);
    expect(commands("acquire")).toBe(2);
  });
});
