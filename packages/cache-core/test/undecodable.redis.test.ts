import { createHash } from "node:crypto";
import { encodeEntry } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import { eventually, gate, UserDatabase } from "./database.ts";
import { aUser, User, type UserKey } from "./entities.ts";
import { redisFixture } from "./redis-fixture.ts";

const redis = redisFixture();
const KEY = "user@1:1";
const key: UserKey = { id: 1 };

const fills = (): string[] => redis.events.flatMap((event) => (event.type === "fill" ? [event.result] : []));

describe("bytes that cannot be decoded", () => {
  test("are a counted miss and are replaced, whatever they are", async () => {
    const db = new UserDatabase(aUser(1));
    const users = redis.cache().entity(User, { load: db.load });
    // Another row's entry with a higher version: no reason to keep it.
    const foreign = encodeEntry(User, aUser(2, { version: 9 }), { staleAtMs: 4_000_000_000_000 });
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
