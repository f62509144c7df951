import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../src/testing/index.ts";
import { eventually, gate, UserDatabase } from "../database.ts";
import { aUser, Preferences, somePreferences, User, type UserKey } from "../entities.ts";
import { errorOf, outcomeOf } from "../outcome.ts";
import { redisFixture } from "../redis-fixture.ts";

const redis = redisFixture();
const key: UserKey = { id: 1 };

describe("connection", () => {
  test("a server that has forgotten its scripts is given their text, within the same call", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load });
    await users.get({ id: 2 });
    await redis.client.script("FLUSH");
    expect(await users.getEntry(key)).toMatchObject({ source: "database" });
    expect(await users.getEntry(key)).toMatchObject({ source: "redis" });
    await redis.client.script("FLUSH");
    await users.invalidate(key);
    expect(await redis.client.exists("user@1:1")).toBe(0);
    expect(redis.events.filter((event) => event.type === "command_error")).toEqual([]);
  });

  test("scripts are loaded when it connects, so that the first call needs no text", async () => {
    await redis.client.script("FLUSH");
    await redis.resetCalls();
    const cache = redis.cache();
    await cache.ready();
    await cache.entity(User, { load: new UserDatabase(aUser(1)).load }).get(key);
    expect(await redis.calls("eval")).toBe(0);
    expect(await redis.calls("script|load")).toBe(9);
  });

  test("connections that are cut under load cost no wrong answer and heal by themselves", async () => {
    const db = new UserDatabase(aUser(1));
    // A loader that never leaves the event loop's turn would starve the reconnection that this test waits for.
    db.delayMs = 1;
    const users = redis.cache().entity(User, { load: db.load });
    const stop = new AbortController();
    let reads = 0;
    const readers = Array.from({ length: 8 }, async () => {
      while (!stop.signal.aborted) {
        expect(await users.get(key)).toMatchObject({ id: 1 });
        reads += 1;
      }
    });
    for (let cut = 0; cut < 10; cut++) {
      const before = reads;
      await eventually(() => reads > before + 20);
      await redis.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    }
    await eventually(async () => (await users.getEntry(key)).source === "redis");
    stop.abort();
    await Promise.all(readers);
  });

  test("nothing works after close, which may be called twice", async () => {
    const cache = redis.cache();
    const users = cache.entity(User, { load: new UserDatabase(aUser(1)).load });
    await users.get(key);
    await Promise.all([cache.close(), cache.close()]);
    for (const call of [
      users.get(key),
      users.invalidate(key),
      users.write(key, async () => aUser(1)),
      cache.ready(),
      cache.info(),
    ]) {
      expect(await errorOf(call)).toMatchObject({ code: "E_CLOSED" });
    }
    expect(() => cache.entity(User, { load: new UserDatabase(aUser(1)).load })).toThrow("E_CLOSED");
  });

  test("close waits for writes under way, and takes no further call meanwhile", async () => {
    const db = new UserDatabase(aUser(1));
    const cache = redis.cache();
    const users = cache.entity(User, { load: db.load });
    await users.get(key);
    const committing = gate();
    const writing = outcomeOf(
      users.write(key, async () => {
        await committing.opened;
        return aUser(1, { version: 2 });
      }),
    );
    const invalidating = outcomeOf(users.invalidate({ id: 2 }));
    const closing = cache.close();
    expect(await outcomeOf(users.get(key))).toBe("E_CLOSED");
    committing.open();
    await closing;
    expect([await writing, await invalidating]).toEqual(["ok", "ok"]);
    expect(await redis.cache().entity(User, { load: db.load }).getEntry(key)).toMatchObject({ version: 2 });
  });

  test("close tries once more to deliver what is owed", async () => {
    const db = new UserDatabase(aUser(1));
    // A clock that stands still: nothing but close tries again.
    const clock = new FakeClock();
    const cache = redis.cache({ clock });
    const users = cache.entity(User, { load: db.load });
    await users.get(key);
    await redis.client.hset("{user@1:1}@lease", "foreign", "1");
    const invalidating = outcomeOf(users.invalidate(key));
    await eventually(() => redis.events.some((event) => event.type === "command_error"));
    await clock.advance(10_000);
    expect(await invalidating).toBe("E_PENDING");
    await redis.client.del("{user@1:1}@lease");
    await cache.close();
    expect(await redis.client.exists("user@1:1")).toBe(0);
  });

  test("where CONFIG is forbidden, the eviction policy is read from INFO", async () => {
    await redis.client.call("ACL", "SETUSER", "app", "on", ">pw", "~*", "&*", "+@all", "-config");
    await redis.client.config("SET", "maxmemory-policy", "allkeys-lfu");
    try {
      const cache = redis.cache({ redis: redis.server.url.replace("redis://", "redis://app:pw@") });
      const preferences = cache.entity(Preferences, { load: async () => null });
      expect(await outcomeOf(cache.ready())).toBe("E_EVICTION");
      expect(await outcomeOf(preferences.put({ userId: 1 }, somePreferences(1)))).toBe("E_EVICTION");
    } finally {
      await redis.client.config("SET", "maxmemory-policy", "noeviction");
      await redis.client.call("ACL", "DELUSER", "app");
    }
  });

  test("a password is used, and its absence is answered by the loader", async () => {
    await redis.client.config("SET", "requirepass", "s3cret");
    try {
      const url = redis.server.url.replace(/^redis:\/\/(:[^@]*@)?/, "redis://:s3cret@");
      const users = redis.cache({ redis: url }).entity(User, { load: new UserDatabase(aUser(1)).load });
      await users.get(key);
      expect(await users.getEntry(key)).toMatchObject({ source: "redis" });
      const locked = redis.cache({ redis: redis.server.url.replace(/:[^@/]*@/, "") });
      expect(await locked.entity(User, { load: new UserDatabase(aUser(1)).load }).getEntry(key)).toMatchObject({
        source: "database",
      });
      expect(await outcomeOf(locked.ready())).toBe("E_UNAVAILABLE");
    } finally {
      await redis.client.config("SET", "requirepass", "");
    }
  });

  test.each(["used", "never used", "without a server", "frozen server", "hung refresh"])(
    "a process ends by itself after close: %s",
    async (how) => {
      const script = fileURLToPath(new URL("close-and-exit.ts", import.meta.url));
      const url = how === "without a server" ? "redis://127.0.0.1:1" : redis.server.url;
      const child = spawn(process.execPath, ["--conditions=@cachepact/source", script, url, how], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      child.stdout.setEncoding("utf8");
      const exit = new Promise<number | null>((resolve) => child.on("exit", resolve));
      if (how === "frozen server") {
        await new Promise((resolve) => child.stdout.once("data", resolve));
        redis.server.pause();
      }
      child.stdin.end("go\n");
      try {
        expect(await exit).toBe(0);
      } finally {
        redis.server.resume();
      }
    },
  );
});
