import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DIRTY, frame, Harness, justSet, token } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

describe("begin answers ALONE", () => {
  test("to the first writer: the value goes, lease and marker stand for markerMs", async () => {
    const entry = harness.entry();
    await entry.put(frame({ version: 7 }));
    const reply = await entry.begin("a", { markerMs: 60_000 });
    expect(reply).toMatchObject({ code: "ALONE", rest: [] });
    const records = await entry.records();
    expect(records).toMatchObject({ value: null, lease: `w${token("a")}`, floor: null });
    expect(records.writers).toEqual({ [token("a")]: reply.now + 60_000 });
    expect(justSet(records.leaseTtl, 60_000)).toBe(true);
    expect(justSet(records.writersTtl, 60_000)).toBe(true);
  });

  test("and takes a reader's lease, waited for or not", async () => {
    for (const waiters of [[], ["r2"]]) {
      const entry = harness.entry();
      for (const reader of ["r1", ...waiters]) await entry.acquire(reader);
      expect((await entry.begin("a")).code).toBe("ALONE");
      expect((await entry.records()).lease).toBe(`w${token("a")}`);
      expect((await entry.fill("r1", frame({ version: 7 }))).code).toBe("LOST");
    }
  });

  test("when the markers of all others have lapsed: they leave the set", async () => {
    const entry = harness.entry();
    await harness.redis.zadd(entry.writers, 1, token("dead"), Date.now() - 1, token("late"));
    const reply = await entry.begin("a", { markerMs: 60_000 });
    expect(reply.code).toBe("ALONE");
    expect((await entry.records()).writers).toEqual({ [token("a")]: reply.now + 60_000 });
  });

  test("over PLAIN, negative and undecodable bytes, and over a lease that is none", async () => {
    for (const bytes of ["{}", "null", frame({}).subarray(0, 7)]) {
      const entry = harness.entry();
      await entry.put(bytes);
      await harness.redis.set(entry.lease, "garbage");
      expect((await entry.begin("a")).code).toBe("ALONE");
      expect(await entry.records()).toMatchObject({ value: null, lease: `w${token("a")}` });
    }
  });
});

describe("begin answers SHARED", () => {
  test("to the second writer, which takes the right to store from the first", async () => {
    const entry = harness.entry();
    const first = await entry.begin("a", { markerMs: 900_000 });
    const second = await entry.begin("b", { markerMs: 60_000 });
    expect(second.code).toBe("SHARED");
    const records = await entry.records();
    expect(records.lease).toBe(`s${token("b")}`);
    expect(records.writers).toEqual({ [token("a")]: first.now + 900_000, [token("b")]: second.now + 60_000 });
    expect(justSet(records.leaseTtl, 60_000)).toBe(true);
    expect(justSet(records.writersTtl, 900_000)).toBe(true);
    expect((await entry.store("a", frame({ version: 7 }), { version: 7 })).code).toBe("DELETED");
  });

  test("and lengthens the life of the set to the latest marker", async () => {
    const entry = harness.entry();
    await entry.begin("a", { markerMs: 60_000 });
    await entry.begin("b", { markerMs: 900_000 });
    expect(justSet((await entry.records()).writersTtl, 900_000)).toBe(true);
  });

  test("when the set was evicted: the lease proves the other writer and heals the set", async () => {
    for (const kind of ["w", "s"]) {
      const entry = harness.entry();
      await harness.redis.set(entry.lease, kind + token("a"), "PX", 600_000);
      const reply = await entry.begin("b", { markerMs: 60_000 });
      expect(reply.code).toBe("SHARED");
      const { writers, lease, writersTtl } = await entry.records();
      expect(lease).toBe(`s${token("b")}`);
      expect(Object.keys(writers).toSorted()).toEqual([token("a"), token("b")]);
      expect(justSet((writers[token("a")] ?? 0) - reply.now, 600_000)).toBe(true);
      expect(justSet(writersTtl, 600_000)).toBe(true);
    }
  });

  test("healing never shortens a marker that the set still knows", async () => {
    const entry = harness.entry();
    const lapses = Date.now() + 900_000;
    await harness.redis.zadd(entry.writers, lapses, token("a"));
    await harness.redis.set(entry.lease, `w${token("a")}`, "PX", 60_000);
    await entry.begin("b");
    expect((await entry.records()).writers[token("a")]).toBe(lapses);
  });

  test("when the lease was evicted and the set knows the other", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    await harness.redis.del(entry.lease);
    expect((await entry.begin("b")).code).toBe("SHARED");
    expect((await entry.records()).lease).toBe(`s${token("b")}`);
  });
});

describe("the same begin twice gains nothing", () => {
  test("alone: refreshed, ALONE again, and a value that came in between goes", async () => {
    const entry = harness.entry();
    await entry.begin("a", { markerMs: 60_000 });
    await entry.put(frame({ version: 7 }));
    const reply = await entry.begin("a", { markerMs: 600_000 });
    expect(reply.code).toBe("ALONE");
    const records = await entry.records();
    expect(records).toMatchObject({ value: null, lease: `w${token("a")}` });
    expect(records.writers).toEqual({ [token("a")]: reply.now + 600_000 });
    expect(justSet(records.leaseTtl, 600_000)).toBe(true);
    expect(justSet(records.writersTtl, 600_000)).toBe(true);
  });

  test("shared: stays shared even when the other has left", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    await entry.begin("b");
    await entry.finish("a");
    expect((await entry.begin("b")).code).toBe("SHARED");
    expect((await entry.records()).lease).toBe(`s${token("b")}`);
  });

  test("does not take the lease back from a later writer, or from a later reader", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    await entry.begin("b");
    expect((await entry.begin("a")).code).toBe("SHARED");
    expect((await entry.records()).lease).toBe(`s${token("b")}`);
    const evicted = harness.entry();
    await evicted.begin("a");
    await harness.redis.set(evicted.lease, `r${token("reader")}`, "PX", 60_000);
    expect((await evicted.begin("a")).code).toBe("SHARED");
    expect((await evicted.records()).lease).toBe(`r${token("reader")}`);
  });

  test("known by its lease alone: rejoins the evicted set", async () => {
    for (const [kind, code] of [
      ["w", "ALONE"],
      ["s", "SHARED"],
    ]) {
      const entry = harness.entry();
      await harness.redis.set(entry.lease, kind + token("a"), "PX", 60_000);
      const reply = await entry.begin("a", { markerMs: 600_000 });
      expect(reply.code).toBe(code);
      const records = await entry.records();
      expect(records.writers).toEqual({ [token("a")]: reply.now + 600_000 });
      expect(justSet(records.leaseTtl, 600_000)).toBe(true);
    }
  });

  test("after its marker has lapsed it is a new begin", async () => {
    const entry = harness.entry();
    await harness.redis.zadd(entry.writers, 1, token("a"));
    expect((await entry.begin("a")).code).toBe("ALONE");
    expect((await entry.records()).lease).toBe(`w${token("a")}`);
  });

  test("never shortens a marker", async () => {
    const entry = harness.entry();
    const first = await entry.begin("a", { markerMs: 900_000 });
    await entry.begin("a", { markerMs: 60_000 });
    expect((await entry.records()).writers).toEqual({ [token("a")]: first.now + 900_000 });
  });
});

describe("begin with prev", () => {
  test("replaces the attempt that was not answered", async () => {
    const entry = harness.entry();
    await entry.begin("a1");
    const reply = await entry.begin("a2", { prev: "a1", markerMs: 60_000 });
    expect(reply.code).toBe("ALONE");
    const records = await entry.records();
    expect(records.lease).toBe(`w${token("a2")}`);
    expect(records.writers).toEqual({ [token("a2")]: reply.now + 60_000 });
  });

  test("that never arrived changes nothing", async () => {
    const entry = harness.entry();
    await entry.begin("other");
    expect((await entry.begin("a2", { prev: "a1" })).code).toBe("SHARED");
    expect(Object.keys((await entry.records()).writers).toSorted()).toEqual([token("a2"), token("other")]);
  });

  test("beside another writer is shared", async () => {
    const entry = harness.entry();
    await entry.begin("other");
    await entry.begin("a1");
    expect((await entry.begin("a2", { prev: "a1" })).code).toBe("SHARED");
    expect((await entry.records()).lease).toBe(`s${token("a2")}`);
  });

  test("that was shared and is no member any more: the set was evicted, so others may be active", async () => {
    const entry = harness.entry();
    await entry.begin("other");
    await entry.begin("a1");
    await harness.redis.del(entry.writers);
    expect((await entry.begin("a2", { prev: "a1" })).code).toBe("SHARED");
    expect((await entry.records()).lease).toBe(`s${token("a2")}`);
  });

  test("twice: the second copy finds itself known and prev gone", async () => {
    const entry = harness.entry();
    await entry.begin("a1");
    await entry.begin("a2", { prev: "a1" });
    expect((await entry.begin("a2", { prev: "a1" })).code).toBe("ALONE");
    expect(Object.keys((await entry.records()).writers)).toEqual([token("a2")]);
  });

  test("a late first copy after the second takes the right to store, and gains none", async () => {
    const entry = harness.entry();
    await entry.begin("a2", { prev: "a1" });
    expect((await entry.begin("a1")).code).toBe("SHARED");
    const reply = await entry.store("a2", frame({ version: 7 }), { prev: "a1", version: 7 });
    expect(reply.code).toBe("DELETED");
  });
});

describe("begin answers DIRTY, without effect", () => {
  test("when the value is DIRTY or the id is marked", async () => {
    const dirty = harness.entry();
    await dirty.put(frame({ version: 7, flags: DIRTY }));
    const marked = harness.entry({ log: true });
    await marked.put(frame({ version: 6 }));
    await harness.redis.hset(marked.dirty, marked.id, 7);
    for (const entry of [dirty, marked]) {
      await entry.acquire("reader");
      await harness.redis.zadd(entry.writers, 1, token("lapsed"));
      const before = await harness.dump();
      expect(await entry.begin("a")).toMatchObject({ code: "DIRTY", rest: [] });
      expect(await harness.dump()).toEqual(before);
    }
  });
});
