import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DIRTY, frame, Harness, justSet, MAX_VERSION, negative, token } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

describe("finish answers DELETED", () => {
  test("to an invalidation: value and reader's lease go, the floor rises for floorMs", async () => {
    const entry = harness.entry();
    await entry.put(frame({ version: 6 }));
    await entry.acquire("reader", { seen: 0 });
    expect(await entry.finish(null, { version: 7, floorMs: 60_000 })).toMatchObject({ code: "DELETED", rest: [] });
    const records = await entry.records();
    expect(records).toMatchObject({ value: null, lease: null, floor: "7", writers: {} });
    expect(justSet(records.floorTtl, 60_000)).toBe(true);
  });

  test("without keep also when the value is newer: a version may restart on re-insert", async () => {
    const entry = harness.entry();
    await entry.put(frame({ version: 9 }));
    expect((await entry.finish(null, { version: 7 })).code).toBe("DELETED");
    expect(await entry.bytes()).toBeNull();
  });

  test.each([
    ["an older version", frame({ version: 6 }), 7],
    ["a negative value", negative(), 7],
    ["an unversioned value", frame({}), 7],
    ["PLAIN bytes", Buffer.from("{}"), 7],
    ["garbage", frame({}).subarray(0, 8), 7],
    ["no version to compare", frame({ version: 9 }), 0],
  ])("with keep over %s", async (_name, bytes, version) => {
    const entry = harness.entry();
    await entry.put(bytes);
    expect((await entry.finish(null, { version, keep: 1 })).code).toBe("DELETED");
    expect(await entry.bytes()).toBeNull();
  });

  test("without a version: no floor is made and an old one stays as it is", async () => {
    const entry = harness.entry();
    await entry.finish(null);
    expect((await entry.records()).floor).toBeNull();
    await harness.redis.set(entry.floor, "7", "PX", 900_000);
    await entry.finish(null, { version: 0, floorMs: 0 });
    const records = await entry.records();
    expect(records.floor).toBe("7");
    expect(justSet(records.floorTtl, 900_000)).toBe(true);
  });

  test("twice, and late: one needless delete", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    await entry.finish("a", { version: 7 });
    await entry.put(frame({ version: 7 }));
    expect((await entry.finish("a", { version: 7 })).code).toBe("DELETED");
    expect(await entry.bytes()).toBeNull();
  });
});

describe("finish raises the floor", () => {
  test("to the higher of both, always for floorMs from now", async () => {
    for (const [held, version, floor] of [
      ["9", 10, "10"],
      ["10", 9, "10"],
      ["7", 7, "7"],
      ["9007199254740990", MAX_VERSION, "9007199254740991"],
      ["9007199254740991", 1, "9007199254740991"],
      ["garbage", 7, "7"],
    ] as const) {
      const entry = harness.entry();
      await harness.redis.set(entry.floor, held, "PX", 900_000);
      await entry.finish(null, { version, floorMs: 60_000 });
      const records = await entry.records();
      expect(records.floor).toBe(floor);
      expect(justSet(records.floorTtl, 60_000)).toBe(true);
    }
  });

  test("also when the value is newer and stays", async () => {
    const entry = harness.entry();
    await entry.put(frame({ version: 9 }));
    expect((await entry.finish(null, { version: 7, keep: 1 })).code).toBe("KEPT");
    expect((await entry.records()).floor).toBe("7");
  });
});

describe("finish answers KEPT", () => {
  test("with keep when the value is as new or newer, and leaves its bytes and its expiry", async () => {
    for (const version of [7, 8]) {
      const entry = harness.entry();
      await entry.put(frame({ version }));
      expect((await entry.finish(null, { version: 7, keep: 1, floorMs: 1 })).code).toBe("KEPT");
      const records = await entry.records();
      expect(records.value).toBe(frame({ version }).toString("hex"));
      expect(justSet(records.valueTtl, 900_000)).toBe(true);
    }
  });
});

describe("finish and the writers", () => {
  test("the writer's own marker and lease go", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    await entry.finish("a");
    expect(await entry.records()).toMatchObject({ lease: null, writers: {} });
    expect((await entry.acquire("reader")).code).toBe("LEASE");
  });

  test("both tokens go when a begin was not answered", async () => {
    const entry = harness.entry();
    await entry.begin("a1");
    await entry.begin("a2");
    await entry.finish("a2", { prev: "a1" });
    expect(await entry.records()).toMatchObject({ lease: null, writers: {} });
  });

  test("a lease under prev goes as well", async () => {
    const entry = harness.entry();
    await entry.begin("a1");
    await entry.finish("a2", { prev: "a1" });
    expect(await entry.records()).toMatchObject({ lease: null, writers: {} });
  });

  test("lapsed members leave the set, live ones stay", async () => {
    const entry = harness.entry();
    const lapses = Date.now() + 900_000;
    await harness.redis.zadd(entry.writers, 1, token("dead"), lapses, token("other"));
    await entry.finish(null);
    expect((await entry.records()).writers).toEqual({ [token("other")]: lapses });
  });

  test("another writer keeps its fence with its expiry and loses the right to store", async () => {
    for (const kind of ["w", "s"]) {
      const entry = harness.entry();
      await harness.redis.set(entry.lease, kind + token("other"), "PX", 900_000);
      await harness.redis.zadd(entry.writers, Date.now() + 900_000, token("other"));
      await entry.finish("a");
      const records = await entry.records();
      expect(records.lease).toBe(`s${token("other")}`);
      expect(justSet(records.leaseTtl, 900_000)).toBe(true);
      expect(Object.keys(records.writers)).toEqual([token("other")]);
      expect((await entry.store("other", frame({ version: 7 }), { version: 7 })).code).toBe("DELETED");
    }
  });

  test("an invalidation takes that right too", async () => {
    const entry = harness.entry();
    await entry.begin("other");
    await entry.finish(null);
    expect((await entry.records()).lease).toBe(`s${token("other")}`);
  });

  test("its own shared fence stays when the set was evicted: others may be active", async () => {
    for (const [token1, prev] of [
      ["a", undefined],
      ["a2", "a"],
    ] as const) {
      const entry = harness.entry();
      await harness.redis.set(entry.lease, `s${token("a")}`, "PX", 900_000);
      await entry.finish(token1, prev === undefined ? {} : { prev });
      expect((await entry.records()).lease).toBe(`s${token("a")}`);
      expect((await entry.acquire("reader")).code).toBe("BYPASS");
    }
  });

  test("its own shared fence goes when the set knew it, its own lone lease in any case", async () => {
    const shared = harness.entry();
    await shared.begin("other");
    await shared.begin("a");
    await shared.finish("a");
    expect(await shared.records()).toMatchObject({ lease: null });
    expect((await shared.acquire("reader")).code).toBe("BYPASS");
    const lone = harness.entry();
    await harness.redis.set(lone.lease, `w${token("a")}`, "PX", 900_000);
    await lone.finish("a");
    expect((await lone.records()).lease).toBeNull();
  });
});

describe("finish answers DIRTY", () => {
  test("and keeps the value that the database does not have yet; floor and lease are done all the same", async () => {
    const dirty = harness.entry();
    await dirty.put(frame({ version: 7, flags: DIRTY }));
    const marked = harness.entry({ log: true });
    await marked.put(frame({ version: 7 }));
    await harness.redis.hset(marked.dirty, marked.id, 7);
    for (const entry of [dirty, marked]) {
      await harness.redis.set(entry.lease, `r${token("reader")}`, "PX", 60_000);
      const bytes = await entry.bytes();
      expect((await entry.finish(null, { version: 5 })).code).toBe("DIRTY");
      expect(await entry.bytes()).toEqual(bytes);
      expect(await entry.records()).toMatchObject({ lease: null, floor: "5" });
    }
  });
});

describe("finish publishes", () => {
  test("the key on wake when somebody waits, and key 00 version on l1 in any case", async () => {
    const waited = harness.entry();
    await waited.acquire("r1");
    await waited.acquire("r2");
    const kept = harness.entry();
    await kept.put(frame({ version: 8 }));
    const leased = harness.entry();
    await leased.acquire("r1");
    const messages = await harness.published(["wake", "l1"], async () => {
      await waited.finish(null, { version: 7, wake: "wake", l1: "l1" });
      await kept.finish(null, { version: 8, keep: 1, wake: "wake", l1: "l1" });
      await leased.finish(null, { wake: "wake", l1: "l1" });
      await leased.finish(null, { wake: "wake" });
    });
    expect(messages).toEqual([
      ["wake", waited.value],
      ["l1", `${waited.value}\u00007`],
      ["l1", `${kept.value}\u00008`],
      ["l1", `${leased.value}\u00000`],
    ]);
  });
});
