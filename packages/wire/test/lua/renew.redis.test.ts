import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness, justSet, token } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

describe("renew of a reader", () => {
  test("extends its lease, waited for or not, and adds no marker", async () => {
    for (const kind of ["r", "R"]) {
      const entry = harness.entry();
      await harness.redis.set(entry.lease, kind + token("a"), "PX", 60_000);
      expect(await entry.renew("a", "r", 600_000)).toMatchObject({ code: "OK", rest: [] });
      const records = await entry.records();
      expect(records).toMatchObject({ lease: kind + token("a"), writers: {} });
      expect(justSet(records.leaseTtl, 600_000)).toBe(true);
    }
  });

  test.each([null, `r${token("b")}`, `w${token("a")}`, `s${token("a")}`])(
    "is LOST with the lease %j",
    async (lease) => {
      const entry = harness.entry();
      if (lease !== null) await harness.redis.set(entry.lease, lease, "PX", 60_000);
      const before = await harness.dump();
      expect((await entry.renew("a", "r")).code).toBe("LOST");
      expect(await harness.dump()).toEqual(before);
      expect((await entry.records()).leaseTtl).toBeLessThanOrEqual(60_000);
    },
  );
});

describe("renew of a writer", () => {
  test("extends marker, set and its own lease, whatever its kind", async () => {
    for (const kind of ["w", "s"]) {
      const entry = harness.entry();
      await harness.redis.set(entry.lease, kind + token("a"), "PX", 60_000);
      await harness.redis.zadd(entry.writers, Date.now() + 60_000, token("a"));
      const reply = await entry.renew("a", "w", 600_000);
      expect(reply.code).toBe("OK");
      const records = await entry.records();
      expect(records).toMatchObject({ lease: kind + token("a"), writers: { [token("a")]: reply.now + 600_000 } });
      expect(justSet(records.leaseTtl, 600_000)).toBe(true);
      expect(justSet(records.writersTtl, 600_000)).toBe(true);
    }
  });

  test("leaves another writer's lease alone", async () => {
    const entry = harness.entry();
    await entry.begin("a", { markerMs: 60_000 });
    await entry.begin("b", { markerMs: 60_000 });
    const reply = await entry.renew("a", "w", 600_000);
    expect(reply.code).toBe("OK");
    const records = await entry.records();
    expect(records.lease).toBe(`s${token("b")}`);
    expect(justSet(records.leaseTtl, 60_000)).toBe(true);
    expect(records.writers[token("a")]).toBe(reply.now + 600_000);
    expect(justSet(records.writersTtl, 600_000)).toBe(true);
  });

  test("rejoins an evicted set by its lease", async () => {
    const entry = harness.entry();
    await entry.begin("a");
    await harness.redis.del(entry.writers);
    const reply = await entry.renew("a", "w", 60_000);
    expect(reply.code).toBe("OK");
    expect((await entry.records()).writers).toEqual({ [token("a")]: reply.now + 60_000 });
  });

  test("never shortens its marker, nor the life of a set with a later member", async () => {
    const entry = harness.entry();
    const first = await entry.begin("a", { markerMs: 900_000 });
    await entry.renew("a", "w", 60_000);
    const records = await entry.records();
    expect(records.writers).toEqual({ [token("a")]: first.now + 900_000 });
    expect(justSet(records.writersTtl, 900_000)).toBe(true);
  });

  test("is LOST when its marker has lapsed: it never comes back", async () => {
    for (const members of [[], [1, token("a")], [Date.now() + 60_000, token("b")]]) {
      const entry = harness.entry();
      if (members.length > 0) await harness.redis.zadd(entry.writers, ...members);
      await harness.redis.set(entry.lease, `r${token("a")}`, "PX", 60_000);
      const before = await harness.dump();
      expect((await entry.renew("a", "w")).code).toBe("LOST");
      expect(await harness.dump()).toEqual(before);
    }
  });
});
