import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DIRTY, frame, Harness, justSet, MAX_VERSION, negative, token } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

const sha1 = (bytes: Buffer): string => createHash("sha1").update(bytes).digest("hex");
const HOUR = 3_600_000;

describe("acquire answers HIT", () => {
  test("with the bytes of a value that never becomes stale, and Redis' clock", async () => {
    const entry = harness.entry();
    const bytes = frame({ version: 7 });
    await entry.put(bytes);
    const reply = await entry.acquire("a");
    expect(reply.code).toBe("HIT");
    expect(reply.rest).toEqual([bytes]);
    const [seconds = 0] = (await harness.redis.time()).map(Number);
    expect(Math.abs(reply.now - seconds * 1000)).toBeLessThan(5_000);
    expect(await entry.records()).toMatchObject({ lease: null, writers: {}, value: bytes.toString("hex") });
  });

  test("while stale_at lies ahead", async () => {
    const entry = harness.entry();
    await entry.put(frame({ staleAt: Date.now() + HOUR }));
    expect((await entry.acquire("a")).code).toBe("HIT");
  });

  test("for a negative entry", async () => {
    const entry = harness.entry();
    await entry.put(negative());
    expect(await entry.acquire("a")).toMatchObject({ code: "HIT", rest: [negative()] });
  });

  test.each(['{"id":1}', "null", "\u0000"])("for PLAIN bytes %j", async (text) => {
    const entry = harness.entry();
    await entry.put(text);
    expect(await entry.acquire("a")).toMatchObject({ code: "HIT", rest: [Buffer.from(text)] });
  });

  test("when the version is exactly minVersion, even the highest", async () => {
    const entry = harness.entry();
    await entry.put(frame({ version: MAX_VERSION }));
    expect((await entry.acquire("a", { minVersion: MAX_VERSION })).code).toBe("HIT");
  });

  test("when it holds other bytes than those that the caller rejects", async () => {
    const entry = harness.entry();
    const staleAt = Date.now() + HOUR;
    await entry.put(frame({ staleAt }));
    expect((await entry.acquire("a", { seen: staleAt - 1 })).code).toBe("HIT");
    expect((await entry.acquire("a", { seen: sha1(frame({ version: 1 })) })).code).toBe("HIT");
  });

  test("for a DIRTY value whatever the caller rejects or asks for: nothing newer exists anywhere", async () => {
    const entry = harness.entry({ log: true });
    const bytes = frame({ version: 7, flags: DIRTY, staleAt: 1 });
    await entry.put(bytes);
    await harness.redis.hset(entry.dirty, entry.id, 7);
    expect((await entry.acquire("a", { minVersion: 8, seen: sha1(bytes) })).code).toBe("HIT");
  });

  test("while a writer is active, because a value that stands beside a fence was stored after it", async () => {
    const entry = harness.entry();
    await entry.begin("writer");
    await entry.put(frame({ version: 7 }));
    expect((await entry.acquire("a")).code).toBe("HIT");
  });
});

describe("acquire answers LEASE", () => {
  test("on a miss, and the lease stands for leaseMs", async () => {
    const entry = harness.entry();
    const reply = await entry.acquire("a", { leaseMs: 600_000 });
    expect(reply).toMatchObject({ code: "LEASE", rest: [Buffer.from("0")] });
    const records = await entry.records();
    expect(records).toMatchObject({ lease: `r${token("a")}`, value: null, floor: null, writers: {} });
    expect(justSet(records.leaseTtl, 600_000)).toBe(true);
  });

  test.each([
    ["no bytes at all", Buffer.alloc(0)],
    ["half a base", frame({}).subarray(0, 15)],
    ["a version that is cut off", frame({ version: 7, payload: "" }).subarray(0, 20)],
    ["a header length below its fields", frame({ version: 7 }).fill(8, 3, 4)],
    ["another frame version", frame({}).fill(10, 2, 3)],
    ["a version above 2^53-1", frame({ version: 7 }).fill(255, 16, 24)],
  ])("over bytes that are no entry: %s", async (_name, bytes) => {
    const entry = harness.entry();
    await entry.put(bytes);
    expect((await entry.acquire("a")).code).toBe("LEASE");
  });

  test("over a stale value, which stays", async () => {
    const entry = harness.entry();
    const bytes = frame({ staleAt: Date.now() - 60_000 });
    await entry.put(bytes);
    expect((await entry.acquire("a")).code).toBe("LEASE");
    expect(await entry.bytes()).toEqual(bytes);
  });

  test("over a fresh value that the caller rejects by its stale_at or by its SHA-1", async () => {
    const staleAt = Date.now() + HOUR;
    const bytes = frame({ staleAt });
    const early = harness.entry();
    await early.put(bytes);
    expect((await early.acquire("a", { seen: staleAt })).code).toBe("LEASE");
    const undecodable = harness.entry();
    await undecodable.put(bytes);
    expect((await undecodable.acquire("a", { seen: sha1(bytes) })).code).toBe("LEASE");
    const plain = harness.entry();
    await plain.put("not json");
    expect((await plain.acquire("a", { seen: sha1(Buffer.from("not json")) })).code).toBe("LEASE");
  });

  test("over a version below minVersion; a negative entry and PLAIN bytes fit minVersion 0 only", async () => {
    const bytesBelow = [frame({ version: 6 }), frame({}), negative(), negative({ version: 9 }), Buffer.from("{}")];
    for (const bytes of bytesBelow) {
      const entry = harness.entry();
      await entry.put(bytes);
      expect((await entry.acquire("a", { minVersion: 7 })).code).toBe("LEASE");
    }
  });

  test("again to the same token, without a new expiry", async () => {
    const entry = harness.entry();
    await entry.acquire("a", { leaseMs: 60_000 });
    expect((await entry.acquire("a", { leaseMs: 600_000 })).code).toBe("LEASE");
    const records = await entry.records();
    expect(records.lease).toBe(`r${token("a")}`);
    expect(justSet(records.leaseTtl, 60_000)).toBe(true);
  });

  test("with the floor", async () => {
    const entry = harness.entry();
    await entry.finish(null, { version: MAX_VERSION });
    expect((await entry.acquire("a")).rest).toEqual([Buffer.from("9007199254740991")]);
  });

  test("when the only writer's marker has lapsed", async () => {
    const entry = harness.entry();
    await harness.redis.zadd(entry.writers, Date.now() - 60_000, token("dead"));
    expect((await entry.acquire("a")).code).toBe("LEASE");
  });

  test.each(["", "x", `q${token("a")}`, `r${token("a")}x`])("over a lease that is none: %j", async (bytes) => {
    const entry = harness.entry();
    await harness.redis.set(entry.lease, bytes);
    expect((await entry.acquire("b")).code).toBe("LEASE");
    expect((await entry.records()).lease).toBe(`r${token("b")}`);
  });

  test.each(["garbage", "0x10", "-1", "99999999999999999", "007"])("with floor 0 for the floor %j", async (floor) => {
    const entry = harness.entry();
    await harness.redis.set(entry.floor, floor);
    expect(await entry.acquire("a")).toMatchObject({ code: "LEASE", rest: [Buffer.from("0")] });
  });
});

describe("acquire answers WAIT", () => {
  test("beside another reader's lease, marks that somebody waits, and keeps its expiry", async () => {
    const entry = harness.entry();
    await entry.finish(null, { version: 41 });
    await entry.acquire("a", { leaseMs: 60_000 });
    for (const waiter of ["b", "c"]) {
      const reply = await entry.acquire(waiter, { leaseMs: 600_000 });
      expect(reply.code).toBe("WAIT");
      expect(String(reply.rest[0])).toBe("41");
      expect(justSet(Number(reply.rest[1]), 60_000)).toBe(true);
      const records = await entry.records();
      expect(records.lease).toBe(`R${token("a")}`);
      expect(justSet(records.leaseTtl, 60_000)).toBe(true);
    }
    expect((await entry.acquire("a")).code).toBe("LEASE");
  });
});

describe("acquire answers BYPASS", () => {
  test("while a writer is active, with the floor, and touches nothing", async () => {
    const entry = harness.entry();
    await entry.finish(null, { version: 41 });
    await entry.begin("writer");
    const before = await harness.dump();
    expect(await entry.acquire("a")).toMatchObject({ code: "BYPASS", rest: [Buffer.from("41")] });
    expect(await harness.dump()).toEqual(before);
  });

  test("when only the writer's lease is left, or only its member in the set", async () => {
    for (const kind of ["w", "s"]) {
      const entry = harness.entry();
      await harness.redis.set(entry.lease, kind + token("writer"), "PX", 60_000);
      expect((await entry.acquire("a")).code).toBe("BYPASS");
    }
    const entry = harness.entry();
    await harness.redis.zadd(entry.writers, Date.now() + HOUR, token("writer"));
    expect((await entry.acquire("a")).code).toBe("BYPASS");
    await harness.redis.set(entry.lease, `r${token("reader")}`, "PX", 60_000);
    expect((await entry.acquire("a")).code).toBe("BYPASS");
  });
});

describe("acquire answers DIRTY", () => {
  test("when the mark stands and the value is gone or clean, without taking a lease", async () => {
    for (const bytes of [null, frame({ version: 6 })]) {
      const entry = harness.entry({ log: true });
      if (bytes) await entry.put(bytes);
      await harness.redis.hset(entry.dirty, entry.id, 7);
      expect(await entry.acquire("a")).toMatchObject({ code: "DIRTY", rest: [] });
      expect((await entry.records()).lease).toBeNull();
    }
  });

  test("only for its own id", async () => {
    const entry = harness.entry({ log: true });
    await harness.redis.hset(entry.dirty, `${entry.id}0`, 7);
    expect((await entry.acquire("a")).code).toBe("LEASE");
  });
});
