import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Entry, frame, Harness, token } from "./harness.ts";
import { item, Partition } from "./partition.ts";

let harness: Harness;
let partitions = 0;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

type RecordName = "value" | "lease" | "floor" | "writers" | "dirty";

/** What each script reads, hence what makes it fail before its first write. */
const reads: Readonly<Record<string, readonly RecordName[]>> = {
  acquire: ["value", "lease", "floor", "writers", "dirty"],
  fill: ["value", "lease", "floor", "dirty"],
  begin: ["value", "lease", "writers", "dirty"],
  finish: ["value", "lease", "floor", "writers", "dirty"],
  store: ["value", "lease", "floor", "writers", "dirty"],
  renew: ["lease", "writers"],
  release: ["lease"],
};

const calls: Readonly<Record<string, (entry: Entry) => Promise<unknown>>> = {
  acquire: (entry) => entry.acquire("b"),
  fill: (entry) => entry.fill("reader", frame({ version: 9 })),
  begin: (entry) => entry.begin("b", { prev: "a" }),
  finish: (entry) => entry.finish("b", { prev: "a", version: 9 }),
  store: (entry) => entry.store("b", frame({ version: 9 }), { prev: "a", version: 9 }),
  renew: (entry) => entry.renew("a", "w"),
  release: (entry) => entry.release("reader"),
};

describe("a record of a foreign type fails a script before any effect", () => {
  const cases = Object.entries(reads).flatMap(([name, records]) => records.map((record) => [name, record] as const));
  test.each(cases)("%s with a foreign %s", async (name, record) => {
    await harness.redis.flushall();
    const entry = harness.entry({ log: true });
    await entry.put(frame({ version: 5, staleAt: 1 }));
    await harness.redis.set(entry.lease, name === "renew" ? `w${token("a")}` : `r${token("reader")}`);
    await harness.redis.set(entry.floor, "6");
    await harness.redis.zadd(entry.writers, 1, token("lapsed"), Date.now() + 60_000, token("a"));
    await harness.redis.del(entry[record]);
    await harness.redis.rpush(entry[record], "x");
    const before = await harness.dump();
    await expect(calls[name]?.(entry)).rejects.toThrow(/WRONGTYPE/);
    expect(await harness.dump()).toEqual(before);
  });
});

async function written(): Promise<[Partition, number]> {
  partitions += 1;
  const partition = await new Partition(harness, partitions).armed();
  const [[, base] = ["", 0]] = await partition.accept([{ op: "op", items: [item("1"), item("2")] }]);
  return [partition, base];
}

describe("a partition's record of a foreign type fails a script before any effect", () => {
  test.each([
    ["accept", "meta"],
    ["accept", "dirty"],
    ["accept", "ops"],
    ["ack", "meta"],
    ["ack", "dirty"],
    ["ack", "wb"],
    ["rearm", "meta"],
    ["rearm", "dirty"],
    ["rearm", "wb"],
    ["pending", "dirty"],
    ["pending", "wb"],
  ] as const)("%s with a foreign %s", async (name, record) => {
    await harness.redis.flushall();
    const [partition, base] = await written();
    const deadline = Date.now() + 25_000;
    await partition.accept([{ op: "op1", deadline, items: [item("2")] }]);
    const key = record === "ops" ? partition.ops(deadline) : partition[record];
    await harness.redis.del(key);
    await harness.redis.set(key, "text");
    const before = await harness.dump();
    const call = {
      accept: () => partition.accept([{ op: "op2", deadline, items: [item("1"), item("2")] }]),
      ack: () => partition.ack([["1", base, "A"]], { upto: base, events: 1, floorMs: 1000 }),
      rearm: () => partition.rearm({ run: "e".repeat(40) }),
      pending: () => partition.pending("1"),
    }[name];
    await expect(call()).rejects.toThrow(/WRONGTYPE/);
    expect(await harness.dump()).toEqual(before);
  });
});
