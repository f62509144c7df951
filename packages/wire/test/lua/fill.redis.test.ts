import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DIRTY, type Entry, frame, Harness, justSet, MAX_VERSION, negative, staleAtOf, token } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

const sha1 = (bytes: Buffer): string => createHash("sha1").update(bytes).digest("hex");

/** An entry whose load is held by "a"; `waited` = somebody waits for it. */
async function leased(options: { log?: boolean; waited?: boolean } = {}): Promise<Entry> {
  const entry = harness.entry(options);
  await harness.redis.set(entry.lease, (options.waited ? "R" : "r") + token("a"), "PX", 600_000);
  return entry;
}

describe("fill answers STORED", () => {
  test("on a miss: the value expires after px, the lease is gone", async () => {
    const entry = harness.entry();
    await entry.acquire("a");
    const bytes = frame({ version: 7 });
    expect(await entry.fill("a", bytes, { px: 60_000 })).toMatchObject({ code: "STORED", rest: [] });
    const records = await entry.records();
    expect(records).toMatchObject({ value: bytes.toString("hex"), lease: null, floor: null, writers: {} });
    expect(justSet(records.valueTtl, 60_000)).toBe(true);
  });

  test("once: the token is spent", async () => {
    const entry = await leased();
    await entry.fill("a", frame({ version: 7 }));
    expect((await entry.fill("a", frame({ version: 8 }))).code).toBe("LOST");
    expect(await entry.bytes()).toEqual(frame({ version: 7 }));
  });

  test("over an equal version, which is stamped anew", async () => {
    const entry = await leased();
    await entry.put(frame({ version: 7, staleAt: 1, payload: "old" }));
    const reply = await entry.fill("a", frame({ version: 7, payload: "new" }), { fresh: 60_000 });
    expect(reply.code).toBe("STORED");
    expect(await entry.bytes()).toEqual(frame({ version: 7, payload: "new", staleAt: reply.now + 60_000 }));
  });

  test("over an older version, an unversioned, a negative and a PLAIN value, and over garbage", async () => {
    for (const bytes of [frame({ version: 6 }), frame({}), negative(), "{}", "null", frame({}).subarray(0, 9)]) {
      const entry = await leased();
      await entry.put(bytes);
      expect((await entry.fill("a", frame({ version: 7 }))).code).toBe("STORED");
      expect(await entry.bytes()).toEqual(frame({ version: 7 }));
    }
  });

  test("over a newer version only when these are the bytes that could not be decoded", async () => {
    const undecodable = frame({ version: 8, payload: "garbage" });
    const entry = await leased();
    await entry.put(undecodable);
    expect((await entry.fill("a", frame({ version: 7 }), { seen: sha1(undecodable) })).code).toBe("STORED");
    expect(await entry.bytes()).toEqual(frame({ version: 7 }));
  });

  test("at the floor's version, for the highest version too", async () => {
    for (const version of [7, MAX_VERSION]) {
      const entry = await leased();
      await harness.redis.set(entry.floor, String(version));
      expect((await entry.fill("a", frame({ version }))).code).toBe("STORED");
    }
  });

  test("when the floor is no decimal", async () => {
    const entry = await leased();
    await harness.redis.set(entry.floor, "0x10");
    expect((await entry.fill("a", frame({ version: 7 }))).code).toBe("STORED");
  });

  test("for a negative entry without a floor, over any clean value", async () => {
    for (const bytes of [null, frame({ version: 9 }), "{}"]) {
      const entry = await leased();
      if (bytes) await entry.put(bytes);
      expect((await entry.fill("a", negative(), { px: 30_000, fresh: 0 })).code).toBe("STORED");
      expect(await entry.bytes()).toEqual(negative());
      expect(justSet((await entry.records()).valueTtl, 30_000)).toBe(true);
    }
  });

  test("for PLAIN bytes, as they are", async () => {
    for (const text of ['{"id":1}', "null"]) {
      const entry = await leased();
      await entry.put('{"id":0}');
      expect((await entry.fill("a", text, { fresh: 60_000 })).code).toBe("STORED");
      expect(String(await entry.bytes())).toBe(text);
    }
  });

  test("for a dirty id at or above its version when the value was evicted", async () => {
    for (const version of [7, 8]) {
      const entry = await leased({ log: true });
      await harness.redis.hset(entry.dirty, entry.id, 7);
      expect((await entry.fill("a", frame({ version }))).code).toBe("STORED");
    }
  });
});

describe("fill stamps", () => {
  test("stale_at with Redis' clock, whatever the frame brings; fresh 0 gives 0", async () => {
    const stamped = await leased();
    const reply = await stamped.fill("a", frame({ version: 7, staleAt: 12345 }), { fresh: 60_000 });
    expect(staleAtOf((await stamped.bytes()) ?? Buffer.alloc(16))).toBe(reply.now + 60_000);
    const bare = await leased();
    await bare.fill("a", frame({ version: 7, staleAt: 12345 }), { fresh: 0 });
    expect(await bare.bytes()).toEqual(frame({ version: 7 }));
  });

  test.each([
    { version: 0, cost: 0 },
    { version: 7, cost: 0 },
    { version: 0, cost: 99 },
    { version: 7, cost: 99 },
  ])("created_at where the header has it: %j", async (header) => {
    const entry = await leased();
    const reply = await entry.fill("a", frame({ ...header, createdAt: 1 }), { fresh: 60_000 });
    const stored = frame({ ...header, createdAt: reply.now, staleAt: reply.now + 60_000 });
    expect(await entry.bytes()).toEqual(stored);
  });

  test("nothing behind the header, for an empty payload and for a large one", async () => {
    for (const payload of ["", "x".repeat(300_000)]) {
      const entry = await leased();
      const reply = await entry.fill("a", frame({ version: 7, createdAt: 1, payload }), { fresh: 1 });
      const stored = frame({ version: 7, createdAt: reply.now, staleAt: reply.now + 1, payload });
      expect((await entry.bytes())?.equals(stored)).toBe(true);
    }
  });
});

describe("fill answers LOST, without effect", () => {
  test.each([
    ["no lease", null],
    ["another reader's lease", `r${token("b")}`],
    ["a writer's lease", `w${token("b")}`],
    ["a fence under the same token", `s${token("a")}`],
    ["a writer's lease under the same token", `w${token("a")}`],
    ["bytes that are no lease", token("a")],
  ])("%s", async (_name, lease) => {
    const entry = harness.entry();
    if (lease !== null) await harness.redis.set(entry.lease, lease, "PX", 600_000);
    await entry.put(frame({ version: 1 }));
    const before = await harness.dump();
    expect((await entry.fill("a", frame({ version: 7 }))).code).toBe("LOST");
    expect(await harness.dump()).toEqual(before);
  });

  test("after a begin, a finish or a release took the lease", async () => {
    const takers: ((entry: Entry) => Promise<unknown>)[] = [
      (entry) => entry.begin("w"),
      (entry) => entry.finish(null),
      (entry) => entry.release("a"),
    ];
    for (const take of takers) {
      const entry = harness.entry();
      await entry.acquire("a");
      await take(entry);
      expect((await entry.fill("a", frame({ version: 7 }))).code).toBe("LOST");
      expect(await entry.bytes()).toBeNull();
    }
  });
});

describe("fill answers STALE, spends the lease and stores nothing", () => {
  test.each([
    ["a version below the floor", frame({ version: 6 }), "7"],
    ["an unversioned value under a floor", frame({}), "7"],
    ["PLAIN bytes under a floor", Buffer.from("{}"), "7"],
    ["compared as numbers, not as text", frame({ version: 9 }), "10"],
    ["one below the highest floor", frame({ version: MAX_VERSION - 1 }), String(MAX_VERSION)],
    ["a negative entry under any floor", negative(), "1"],
  ])("%s", async (_name, bytes, floor) => {
    const entry = await leased();
    await harness.redis.set(entry.floor, floor);
    expect((await entry.fill("a", bytes)).code).toBe("STALE");
    expect(await entry.records()).toMatchObject({ value: null, lease: null, floor });
  });

  test("below the mark of a dirty id; a negative entry in any case", async () => {
    for (const bytes of [frame({ version: 6 }), negative()]) {
      const entry = await leased({ log: true });
      await harness.redis.hset(entry.dirty, entry.id, 7);
      await entry.put(frame({ version: 7, flags: DIRTY }));
      expect((await entry.fill("a", bytes)).code).toBe("STALE");
      expect(await entry.bytes()).toEqual(frame({ version: 7, flags: DIRTY }));
      expect((await entry.records()).lease).toBeNull();
    }
  });
});

describe("fill answers NEWER, spends the lease and keeps the value", () => {
  test.each([
    ["a newer version stands", {}, ""],
    ["early refresh does not reject it", {}, "12345"],
    ["other bytes could not be decoded", {}, "0123456789abcdef0123456789abcdef01234567"],
    ["a DIRTY value stands, even an older one", { flags: DIRTY, version: 6 }, ""],
  ])("%s", async (_name, header, seen) => {
    const entry = await leased();
    const bytes = frame({ version: 8, staleAt: 12345, ...header });
    await entry.put(bytes);
    expect((await entry.fill("a", frame({ version: 7 }), { seen })).code).toBe("NEWER");
    const records = await entry.records();
    expect(records).toMatchObject({ value: bytes.toString("hex"), lease: null });
    expect(justSet(records.valueTtl, 900_000)).toBe(true);
  });

  test("a dirty id at its version whose DIRTY value stands", async () => {
    const entry = await leased({ log: true });
    await harness.redis.hset(entry.dirty, entry.id, 7);
    await entry.put(frame({ version: 7, flags: DIRTY }));
    expect((await entry.fill("a", frame({ version: 7 }))).code).toBe("NEWER");
    expect(await entry.bytes()).toEqual(frame({ version: 7, flags: DIRTY }));
  });
});

describe("fill publishes the key on wake", () => {
  test("when somebody waits, whatever the answer; not to nobody, not after LOST", async () => {
    const stored = await leased({ waited: true });
    const stale = await leased({ waited: true });
    await harness.redis.set(stale.floor, "9");
    const newer = await leased({ waited: true });
    await newer.put(frame({ version: 8 }));
    const silent = await leased({ waited: true });
    const alone = await leased();
    const lost = harness.entry();
    const messages = await harness.published(["wake"], async () => {
      for (const entry of [stored, stale, newer, alone, lost]) {
        await entry.fill("a", frame({ version: 7 }), { wake: "wake" });
      }
      await silent.fill("a", frame({ version: 7 }));
    });
    expect(messages).toEqual([stored, stale, newer].map((entry) => ["wake", entry.value]));
  });
});
