import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DIRTY, frame, Harness, justSet, MAX_VERSION, negative, token } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

describe("store answers STORED", () => {
  test("to a writer that stayed alone: stamped value, floor, no lease, no marker", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    const sent = frame({ version: 7, createdAt: 1 });
    const reply = await entry.store("a", sent, { version: 7, floorMs: 60_000, px: 90_000, fresh: 30_000 });
    expect(reply).toMatchObject({ code: "STORED", rest: [] });
    const records = await entry.records();
    const stored = frame({ version: 7, createdAt: reply.now, staleAt: reply.now + 30_000 });
    expect(records).toMatchObject({ value: stored.toString("hex"), lease: null, floor: "7", writers: {} });
    expect(justSet(records.valueTtl, 90_000)).toBe(true);
    expect(justSet(records.floorTtl, 60_000)).toBe(true);
  });

  test("without a version: alone is enough, no floor", async () => {
    for (const bytes of [frame({}), Buffer.from('{"id":1}'), Buffer.from("null")]) {
      const entry = harness.entry();
      await entry.begin("a");
      expect((await entry.store("a", bytes)).code).toBe("STORED");
      expect(await entry.records()).toMatchObject({ value: bytes.toString("hex"), floor: null });
    }
  });

  test("a negative entry with the deleted row's version + 1", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    expect((await entry.store("a", negative(), { version: 8, px: 30_000 })).code).toBe("STORED");
    expect(await entry.records()).toMatchObject({ value: negative().toString("hex"), floor: "8" });
    await entry.finish(null, { version: 0 });
    await entry.acquire("reader");
    expect((await entry.fill("reader", frame({ version: 7 }))).code).toBe("STALE");
  });

  test("at the floor, also the highest", async () => {
    const entry = harness.entry();
    await harness.redis.set(entry.floor, String(MAX_VERSION));
    await entry.begin("a");
    const reply = await entry.store("a", frame({ version: MAX_VERSION }), { version: MAX_VERSION });
    expect(reply.code).toBe("STORED");
  });

  test("when the set of writers was evicted and the lone lease stands", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    await harness.redis.del(entry.writers);
    expect((await entry.store("a", frame({ version: 7 }), { version: 7 })).code).toBe("STORED");
  });

  test("for the token of the second attempt when the first was not answered", async () => {
    const entry = harness.entry();
    await entry.begin("a1");
    await entry.begin("a2", { prev: "a1" });
    expect((await entry.store("a2", frame({ version: 7 }), { prev: "a1", version: 7 })).code).toBe("STORED");
  });

  test("once: the right is spent", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    await entry.store("a", frame({ version: 7 }), { version: 7 });
    await entry.finish(null);
    expect((await entry.store("a", frame({ version: 7 }), { version: 7 })).code).toBe("DELETED");
    expect(await entry.bytes()).toBeNull();
  });
});

describe("store answers DELETED, and nothing is left", () => {
  test("to a writer that is not alone, whichever finishes first", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    await entry.begin("b");
    expect((await entry.store("b", frame({ version: 8 }), { version: 8 })).code).toBe("DELETED");
    expect((await entry.store("a", frame({ version: 7 }), { version: 7 })).code).toBe("DELETED");
    expect(await entry.records()).toMatchObject({ value: null, lease: null, floor: "8", writers: {} });
  });

  test("to one that an invalidation overtook", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    await entry.finish(null, { version: 7 });
    expect((await entry.store("a", frame({ version: 8 }), { version: 8 })).code).toBe("DELETED");
  });

  test("below the floor", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    await harness.redis.set(entry.floor, "10");
    expect((await entry.store("a", frame({ version: 9 }), { version: 9 })).code).toBe("DELETED");
    expect((await entry.records()).floor).toBe("10");
  });

  test("when the lease is gone, a reader's, or held by prev only", async () => {
    for (const lease of [null, `r${token("a")}`, `R${token("b")}`, `w${token("a1")}`]) {
      const entry = harness.entry();
      if (lease !== null) await harness.redis.set(entry.lease, lease, "PX", 60_000);
      expect((await entry.store("a", frame({ version: 7 }), { version: 7, prev: "a1" })).code).toBe("DELETED");
      expect(await entry.records()).toMatchObject({ value: null, lease: null });
    }
  });
});

describe("store answers KEPT and DIRTY", () => {
  test("KEPT with keep when it may not store and the value is as new", async () => {
    const entry = harness.entry();
    await entry.put(frame({ version: 7, payload: "theirs" }));
    const reply = await entry.store("a", frame({ version: 7, payload: "mine" }), { version: 7, keep: 1 });
    expect(reply.code).toBe("KEPT");
    expect(await entry.bytes()).toEqual(frame({ version: 7, payload: "theirs" }));
  });

  test("the right to store goes before keep", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    await entry.put(frame({ version: 7, payload: "theirs" }));
    const reply = await entry.store("a", frame({ version: 7, payload: "mine" }), { version: 7, keep: 1 });
    expect(reply.code).toBe("STORED");
  });

  test("DIRTY never overwrites what the database does not have", async () => {
    const dirty = harness.entry();
    await dirty.begin("a");
    await dirty.put(frame({ version: 7, flags: DIRTY }));
    const marked = harness.entry({ log: true });
    await marked.begin("a");
    await harness.redis.hset(marked.dirty, marked.id, 7);
    for (const entry of [dirty, marked]) {
      const bytes = await entry.bytes();
      expect((await entry.store("a", frame({ version: 9 }), { version: 9 })).code).toBe("DIRTY");
      expect(await entry.bytes()).toEqual(bytes);
      expect(await entry.records()).toMatchObject({ lease: null, floor: "9", writers: {} });
    }
  });
});

test("store publishes key 00 version on l1, and wakes those that wait on a lease that it ends", async () => {
  const stored = harness.entry();
  await stored.begin("a");
  const refused = harness.entry();
  await refused.acquire("r1");
  await refused.acquire("r2");
  const messages = await harness.published(["wake", "l1"], async () => {
    await stored.store("a", frame({ version: 7 }), { version: 7, wake: "wake", l1: "l1" });
    await refused.store("a", frame({ version: 7 }), { version: 7, wake: "wake", l1: "l1" });
  });
  expect(messages).toEqual([
    ["l1", `${stored.value}\u00007`],
    ["wake", refused.value],
    ["l1", `${refused.value}\u00007`],
  ]);
});
