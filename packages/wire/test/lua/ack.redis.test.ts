import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DIRTY, frame, Harness, justSet, staleAtOf, token } from "./harness.ts";
import { acceptedFrame, item, Partition, removal } from "./partition.ts";

let harness: Harness;
let partitions = 0;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

/** An armed partition with one accepted group; gives the base version. */
async function written(...items: ReturnType<typeof item>[]): Promise<[Partition, number]> {
  partitions += 1;
  const partition = await new Partition(harness, partitions).armed();
  const [[code, base] = ["", 0]] = await partition.accept([{ op: "op", items, cost: items.length * 1000 }]);
  expect(code).toBe("OK");
  return [partition, base];
}

describe("ack in mode A", () => {
  test("makes the value clean, stamps it and gives it its expiry; the mark goes", async () => {
    const one = item("1");
    const [partition, base] = await written(one);
    const now = Date.now();
    expect(await partition.ack([["1", base, "A"]], { ttl: 600_000, grace: 60_000 })).toEqual(["OK", 1]);
    const value = (await harness.redis.getBuffer(partition.value("1"))) ?? Buffer.alloc(24);
    expect(Math.abs(staleAtOf(value) - now - 600_000)).toBeLessThan(5_000);
    const staleAt = staleAtOf(value);
    expect(value).toEqual(frame({ version: base, staleAt, payload: one.payload }));
    expect(justSet(await harness.redis.pttl(partition.value("1")), 660_000)).toBe(true);
    expect(await partition.marks()).toEqual({});
  });

  test("without grace leaves stale_at 0, and keeps the other flags and the fingerprint", async () => {
    const one = item("1");
    one.head[5] = (one.head[5] ?? 0) | 0x20;
    one.head.writeUInt32BE(0xdeadbeef, 6);
    const [partition, base] = await written(one);
    await partition.ack([["1", base, "A"]], { ttl: 60_000 });
    const clean = acceptedFrame(one, base);
    clean[5] = (clean[5] ?? 0) & ~DIRTY;
    expect(await harness.redis.getBuffer(partition.value("1"))).toEqual(clean);
    expect(justSet(await harness.redis.pttl(partition.value("1")), 60_000)).toBe(true);
  });

  test("deletes a removal's value", async () => {
    const [partition, base] = await written(removal("1"));
    expect(await partition.ack([["1", base, "A"]])).toEqual(["OK", 1]);
    expect(await harness.redis.exists(partition.value("1"))).toBe(0);
    expect(await partition.marks()).toEqual({});
  });

  test("raises no floor unless floorMs asks for it, then without comparing", async () => {
    const [partition, base] = await written(item("1"), item("2"));
    await partition.ack([["1", base, "A"]]);
    expect(await harness.redis.exists(partition.floor("1"))).toBe(0);
    await harness.redis.set(partition.floor("2"), "9007199254740991");
    await partition.ack([["2", base + 1, "A"]], { floorMs: 60_000 });
    expect(await harness.redis.get(partition.floor("2"))).toBe(String(base + 1));
    expect(justSet(await harness.redis.pttl(partition.floor("2")), 60_000)).toBe(true);
  });

  test("leaves a value that is not of this version, garbage or of another type, and removes the mark", async () => {
    for (const bytes of [frame({ version: 5, flags: DIRTY }), Buffer.from("text"), frame({}).subarray(0, 9), null]) {
      const [partition, base] = await written(item("1"));
      if (bytes) await harness.redis.set(partition.value("1"), bytes);
      else await harness.redis.del(partition.value("1"));
      expect(await partition.ack([["1", base, "A"]])).toEqual(["OK", 1]);
      expect(await harness.redis.getBuffer(partition.value("1"))).toEqual(bytes);
      expect(await partition.marks()).toEqual({});
    }
    const [partition, base] = await written(item("1"));
    await harness.redis.del(partition.value("1"));
    await harness.redis.rpush(partition.value("1"), "x");
    expect(await partition.ack([["1", base, "A"]])).toEqual(["OK", 1]);
    expect(await harness.redis.pttl(partition.value("1"))).toBe(-1);
  });
});

describe("ack in mode D", () => {
  test("deletes the value that the table refused, raises no floor, removes the mark", async () => {
    const [partition, base] = await written(item("1"));
    expect(await partition.ack([["1", base, "D"]], { floorMs: 60_000 })).toEqual(["OK", 1]);
    expect(await harness.redis.exists(partition.value("1"), partition.floor("1"))).toBe(0);
    expect(await partition.marks()).toEqual({});
  });
});

describe("a key that was written again", () => {
  test("keeps value, mark and floor in both modes; only its lease goes", async () => {
    for (const mode of ["A", "D"] as const) {
      const [partition, base] = await written(item("1"));
      const newer = item("1", "newer");
      const [[, second] = ["", 0]] = await partition.accept([{ op: "op2", items: [newer] }]);
      await harness.redis.set(partition.lease("1"), `r${token("reader")}`);
      expect(await partition.ack([["1", base, mode]], { floorMs: 60_000 })).toEqual(["OK", 0]);
      expect(await harness.redis.getBuffer(partition.value("1"))).toEqual(acceptedFrame(newer, second));
      expect(await harness.redis.pttl(partition.value("1"))).toBe(-1);
      expect(await partition.marks()).toEqual({ "1": String(second) });
      expect(await harness.redis.exists(partition.floor("1"), partition.lease("1"))).toBe(0);
    }
  });
});

test("ack kills the leases of all its keys: a loader of the old row is LOST even when value and floor are gone", async () => {
  const [partition, base] = await written(item("1"), item("2"));
  for (const id of ["1", "2"]) await harness.redis.set(partition.lease(id), `r${token("reader")}`, "PX", 60_000);
  await partition.ack([
    ["1", base, "A"],
    ["2", 5, "A"],
  ]);
  expect(await harness.redis.exists(partition.lease("1"), partition.lease("2"))).toBe(0);
});

describe("ack with upto", () => {
  test("trims the stream up to that version and gives the bytes back in proportion", async () => {
    const [partition, base] = await written(item("1"), item("2"), item("3"), item("4"));
    expect(await partition.ack([["1", base, "A"]], { upto: base, events: 1, cost: 1000 })).toEqual(["OK", 1]);
    expect((await partition.events()).map(([id]) => id)).toEqual([1, 2, 3].map((index) => `${base + index}-0`));
    expect((await partition.state())["by"]).toBe("3000");
    await partition.ack(
      [
        ["2", base + 1, "A"],
        ["3", base + 2, "A"],
      ],
      { upto: base + 2, events: 4, cost: 2400 },
    );
    expect((await partition.state())["by"]).toBe("1800");
  });

  test("sets the bytes to 0 when the stream is empty, and keeps its last id", async () => {
    const [partition, base] = await written(item("1"), item("2"));
    await harness.redis.hset(partition.meta, "by", 999_999);
    await partition.ack(
      [
        ["1", base, "A"],
        ["2", base + 1, "A"],
      ],
      { upto: base + 1, events: 2, cost: 10 },
    );
    expect(await partition.events()).toEqual([]);
    expect((await partition.state())["by"]).toBe("0");
    expect(await harness.redis.exists(partition.wb)).toBe(1);
    await expect(harness.redis.xadd(partition.wb, `${base + 1}-0`, "k", "x")).rejects.toThrow(/equal or smaller/);
  });

  test("never makes the bytes negative", async () => {
    const [partition, base] = await written(item("1"), item("2"));
    await partition.ack([], { upto: base, events: 1, cost: 900_000 });
    expect((await partition.state())["by"]).toBe("0");
  });

  test("again changes nothing more", async () => {
    const [partition, base] = await written(item("1"), item("2"));
    await partition.ack([["1", base, "A"]], { upto: base, events: 1, cost: 1000 });
    const before = await harness.dump();
    expect(await partition.ack([["1", base, "A"]], { upto: base, events: 1, cost: 1000 })).toEqual(["OK", 0]);
    expect(await harness.dump()).toEqual(before);
  });

  test("absent: the stream and the bytes stay", async () => {
    const [partition, base] = await written(item("1"));
    await partition.ack([["1", base, "A"]]);
    expect(await partition.events()).toHaveLength(1);
    expect((await partition.state())["by"]).toBe("1000");
  });
});

test("ack takes 100 keys", async () => {
  const items = Array.from({ length: 100 }, (_, index) => item(`id${index}`));
  const [partition, base] = await written(...items);
  const marks = items.map(({ id }, index) => [id, base + index, "A"] as const);
  expect(await partition.ack(marks, { upto: base + 99, events: 100, cost: 100_000 })).toEqual(["OK", 100]);
  expect(await partition.marks()).toEqual({});
  expect(await partition.events()).toEqual([]);
});

test("ack of another run or of a partition without meta is NOTREADY, without effect", async () => {
  const [partition, base] = await written(item("1"));
  const before = await harness.dump();
  const marks = [["1", base, "A"]] as const;
  expect(await partition.ack(marks, { run: "e".repeat(40), upto: base, events: 1 })).toEqual(["NOTREADY", 0]);
  expect(await harness.dump()).toEqual(before);
  await harness.redis.del(partition.meta);
  expect(await partition.ack(marks, { upto: base, events: 1 })).toEqual(["NOTREADY", 0]);
  expect(await partition.events()).toHaveLength(1);
});

test("accept, ack, and a fill that began before: STALE while dirty, LOST after the ack", async () => {
  partitions += 1;
  const partition = await new Partition(harness, 0).armed();
  const entry = harness.entry({ log: true });
  await entry.acquire("reader");
  const [[, base] = ["", 0]] = await partition.accept([{ op: "op", items: [item(entry.id)] }]);
  await entry.acquire("other");
  expect((await entry.acquire("other")).code).toBe("HIT");
  await partition.ack([[entry.id, base, "A"]], { upto: base, events: 1 });
  await harness.redis.del(entry.value);
  expect((await entry.fill("reader", frame({ version: 5 }))).code).toBe("LOST");
});
