import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frame, Harness, token } from "./harness.ts";
import { acceptedFrame, acceptGroups, item, Partition, removal } from "./partition.ts";

let harness: Harness;
let partitions = 0;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

function fresh(): Partition {
  partitions += 1;
  return new Partition(harness, partitions);
}

/** Redis' clock in us. */
async function clock(): Promise<number> {
  const [seconds = 0, micros = 0] = (await harness.redis.time()).map(Number);
  return seconds * 1_000_000 + micros;
}

describe("accept answers OK", () => {
  test("and writes value, stream entry, mark, op record, clock and bytes", async () => {
    const partition = await fresh().armed();
    const deadline = Date.now() + 25_000;
    const before = await clock();
    const written = item("42");
    const [[code, base] = ["", 0]] = await partition.accept([{ op: "op", deadline, items: [written], cost: 500 }]);
    expect(code).toBe("OK");
    expect(base).toBeGreaterThanOrEqual(before);
    expect(base).toBeLessThan(before + 5_000_000);
    const value = partition.value("42");
    expect(await harness.redis.getBuffer(value)).toEqual(acceptedFrame(written, base));
    expect(await harness.redis.pttl(value)).toBe(-1);
    const fields = ["k", "42", "g", "1", "h", written.head, "p", written.payload].map((field) => Buffer.from(field));
    expect(await partition.events()).toEqual([[`${base}-0`, fields]]);
    expect(await partition.marks()).toEqual({ "42": String(base) });
    expect(await harness.redis.hgetall(partition.ops(deadline))).toEqual({ [token("op")]: String(base) });
    const slot = Math.floor(deadline / 30_000);
    expect(await partition.state()).toMatchObject({
      clk: String(base),
      by: "500",
      skew: "0",
      [`s${slot % 2}`]: String(slot),
    });
  });

  test("to a group as a whole: item i has version base + i", async () => {
    const partition = await fresh().armed();
    const items = Array.from({ length: 128 }, (_, index) => item(`id${index}`));
    const [[code, base] = ["", 0]] = await partition.accept([{ op: "op", items }]);
    expect(code).toBe("OK");
    const events = await partition.events();
    expect(events.map(([id]) => id)).toEqual(items.map((_, index) => `${base + index}-0`));
    expect(await partition.marks()).toEqual(
      Object.fromEntries(items.map(({ id }, index) => [id, String(base + index)])),
    );
    const last = items[127] ?? item("");
    expect(await harness.redis.getBuffer(partition.value("id127"))).toEqual(acceptedFrame(last, base + 127));
    expect((await partition.state())["clk"]).toBe(String(base + 127));
  });

  test("to the same id twice in one group: the later one is the value and the mark", async () => {
    const partition = await fresh().armed();
    const later = item("1", "second");
    const [[, base] = ["", 0]] = await partition.accept([{ op: "op", items: [item("1", "first"), later] }]);
    expect(await harness.redis.getBuffer(partition.value("1"))).toEqual(acceptedFrame(later, base + 1));
    expect(await partition.marks()).toEqual({ "1": String(base + 1) });
    expect(await partition.events()).toHaveLength(2);
  });

  test("to a removal: a negative value that stands until it is in the database", async () => {
    const partition = await fresh().armed();
    const removed = removal("1");
    const [[code, base] = ["", 0]] = await partition.accept([{ op: "op", items: [removed] }]);
    expect(code).toBe("OK");
    expect(await harness.redis.getBuffer(partition.value("1"))).toEqual(acceptedFrame(removed, base));
  });

  test("and takes the expiry off a clean value that it replaces", async () => {
    const partition = await fresh().armed();
    await harness.redis.set(partition.value("1"), "old", "PX", 60_000);
    await partition.accept([{ op: "op", items: [item("1")] }]);
    expect(await harness.redis.pttl(partition.value("1"))).toBe(-1);
  });

  test("and deletes the values of the other live generations, those only", async () => {
    const partition = await fresh().armed();
    for (const generation of [0, 2, 3]) await harness.redis.set(partition.value("1", generation), "old");
    await partition.accept([{ op: "op", items: [item("1"), item("2")] }], { others: [2, 3] });
    const left = await harness.redis.exists(partition.value("1", 2), partition.value("1", 3));
    expect([left, await harness.redis.exists(partition.value("1", 0))]).toEqual([0, 1]);
  });

  test("to groups of several partitions in one call, each with its own clock, and to two of the same", async () => {
    const [one, two] = [await fresh().armed(), await fresh().armed()];
    await harness.redis.hset(two.meta, "clk", (await clock()) + 500_000);
    const [first, second, third] = await acceptGroups([
      [one, { op: "op1", items: [item("1"), item("2")] }],
      [two, { op: "op2", items: [item("3")] }],
      [one, { op: "op3", items: [item("1", "later")] }],
    ]);
    expect([first?.[0], second?.[0], third?.[0]]).toEqual(["OK", "OK", "OK"]);
    expect(third?.[1]).toBeGreaterThan((first?.[1] ?? 0) + 1);
    expect(await one.marks()).toEqual({ "1": String(third?.[1]), "2": String((first?.[1] ?? 0) + 1) });
    expect((await two.events()).map(([id]) => id)).toEqual([`${second?.[1]}-0`]);
  });
});

describe("the partition's clock", () => {
  test("goes on from clk when TIME is not above it", async () => {
    const partition = await fresh().armed();
    const ahead = (await clock()) + 900_000;
    await harness.redis.hset(partition.meta, "clk", ahead);
    expect(await partition.accept([{ op: "op", items: [item("1")] }])).toEqual([["OK", ahead + 1]]);
    expect((await partition.state())["skew"]).toBe("0");
  });

  test("flows on when TIME fell more than a second behind: skew makes up for it", async () => {
    const partition = await fresh().armed();
    const ahead = (await clock()) + 3_600_000_000;
    await harness.redis.hset(partition.meta, "clk", ahead);
    const deadline = Math.floor(ahead / 1000) + 25_000;
    expect(await partition.accept([{ op: "op", deadline, items: [item("1")] }])).toEqual([["OK", ahead + 1]]);
    const skew = Number((await partition.state())["skew"]);
    expect(skew).toBeGreaterThan(3_595_000_000);
    expect(skew).toBeLessThanOrEqual(3_600_000_000);
    const [[code, base] = ["", 0]] = await partition.accept([{ op: "op2", deadline, items: [item("1")] }]);
    expect(code).toBe("OK");
    expect(base).toBeGreaterThan(ahead + 1);
  });
});

describe("accept answers DUP", () => {
  test("to the same op again, with its base, and writes nothing but the op record", async () => {
    const partition = await fresh().armed();
    const group = { op: "op", deadline: Date.now() + 25_000, items: [item("1"), item("2")] };
    const [[, base] = ["", 0]] = await partition.accept([group]);
    const before = await harness.dump();
    expect(await partition.accept([group])).toEqual([["DUP", base]]);
    expect(await harness.dump()).toEqual(before);
  });

  test("also when the limit is reached and after the ack", async () => {
    const partition = await fresh().armed();
    const group = { op: "op", deadline: Date.now() + 25_000, items: [item("1")] };
    const [[, base] = ["", 0]] = await partition.accept([group]);
    await partition.ack([["1", base, "A"]], { upto: base, events: 1 });
    await harness.redis.hset(partition.meta, "lim", 1, "by", 1);
    expect(await partition.accept([group])).toEqual([["DUP", base]]);
  });

  test("with a write that reaches a replica", async () => {
    const partition = await fresh().armed();
    const group = { op: "op", deadline: Date.now() + 25_000, items: [item("1")] };
    await partition.accept([group]);
    const changes = async (): Promise<number> =>
      Number(/rdb_changes_since_last_save:(\d+)/.exec(await harness.redis.info("persistence"))?.[1]);
    const before = await changes();
    await partition.accept([group]);
    expect(await changes()).toBe(before + 1);
  });

  test("never to an op of another slot that the half holds no more", async () => {
    const partition = await fresh().armed();
    const deadline = Date.now() + 25_000;
    const slot = Math.floor(deadline / 30_000);
    await harness.redis.hset(partition.ops(deadline), token("op"), 5, token("old"), 6);
    await harness.redis.hset(partition.meta, `s${slot % 2}`, slot - 2);
    const [[code, base] = ["", 0]] = await partition.accept([{ op: "op", deadline, items: [item("1")] }]);
    expect(code).toBe("OK");
    expect(await harness.redis.hgetall(partition.ops(deadline))).toEqual({ [token("op")]: String(base) });
    expect((await partition.state())[`s${slot % 2}`]).toBe(String(slot));
  });
});

describe("accept answers CLOCK, without effect", () => {
  test.each([
    ["a deadline that has passed", -1],
    ["a deadline an hour ago", -3_600_000],
    ["a deadline too far ahead", 31_000],
  ])("%s", async (_name, ahead) => {
    const partition = await fresh().armed();
    const before = await harness.dump();
    const now = Date.now();
    const [[code, told] = ["", 0]] = await partition.accept([{ op: "op", deadline: now + ahead, items: [item("1")] }]);
    expect(code).toBe("CLOCK");
    expect(Math.abs(told - now)).toBeLessThan(5_000);
    expect(await harness.dump()).toEqual(before);
  });

  test("a late copy after its slot was rotated away", async () => {
    const partition = await fresh().armed();
    const deadline = Date.now() + 25_000;
    const slot = Math.floor(deadline / 30_000);
    await harness.redis.hset(partition.meta, `s${slot % 2}`, slot + 2);
    expect(await partition.accept([{ op: "op", deadline, items: [item("1")] }])).toMatchObject([
      ["CLOCK", expect.any(Number)],
    ]);
    expect(await partition.events()).toEqual([]);
  });

  test("with the clock of the partition, not with TIME", async () => {
    const partition = await fresh().armed();
    await harness.redis.hset(partition.meta, "skew", 60_000_000);
    const [[code, told] = ["", 0]] = await partition.accept([{ op: "op", items: [item("1")] }]);
    expect(code).toBe("CLOCK");
    expect(Math.abs(told - Date.now() - 60_000)).toBeLessThan(5_000);
    expect(await partition.accept([{ op: "op", deadline: told + 25_000, items: [item("1")] }])).toMatchObject([
      ["OK", expect.any(Number)],
    ]);
  });
});

describe("accept answers FULL, without effect", () => {
  test("above the limit, not at it, with the time that the overhang takes to drain", async () => {
    const partition = await fresh().armed({ limit: 100_000 });
    expect(await partition.accept([{ op: "a", items: [item("1")], cost: 100_000 }])).toMatchObject([
      ["OK", expect.any(Number)],
    ]);
    const before = await harness.dump();
    for (const [cost, retryMs] of [
      [1, 101],
      [1_000, 101],
      [1_001, 102],
      [4_900_000, 5_000],
      [900_000_000, 5_000],
    ] as const) {
      expect(await partition.accept([{ op: "b", items: [item("2")], cost }])).toEqual([["FULL", retryMs]]);
    }
    expect(await harness.dump()).toEqual(before);
  });
});

describe("accept answers NOTREADY, without effect", () => {
  test("before the first arming, for another run, and for an incomplete meta", async () => {
    const never = fresh();
    const other = await fresh().armed();
    const broken = await fresh().armed();
    await harness.redis.hdel(broken.meta, "lim");
    const before = await harness.dump();
    expect(await never.accept([{ op: "op", items: [item("1")] }])).toEqual([["NOTREADY", 0]]);
    expect(await other.accept([{ op: "op", items: [item("1")] }], { run: "e".repeat(40) })).toEqual([["NOTREADY", 0]]);
    expect(await broken.accept([{ op: "op", items: [item("1")] }])).toEqual([["NOTREADY", 0]]);
    expect(await harness.dump()).toEqual(before);
  });

  test("when the stream was deleted, is of another type or is ahead", async () => {
    const deleted = await fresh().armed();
    await harness.redis.del(deleted.wb);
    const foreign = await fresh().armed();
    await harness.redis.del(foreign.wb);
    await harness.redis.set(foreign.wb, "text");
    const ahead = await fresh().armed();
    await harness.redis.xadd(ahead.wb, `${Number.MAX_SAFE_INTEGER}-0`, "k", "x");
    const before = await harness.dump();
    for (const partition of [deleted, foreign, ahead]) {
      expect(await partition.accept([{ op: "op", items: [item("1"), item("2")] }])).toEqual([["NOTREADY", 0]]);
    }
    expect(await harness.dump()).toEqual(before);
  });

  test("to one group of a call while the others are accepted", async () => {
    const [never, ready] = [fresh(), await fresh().armed()];
    const answers = await acceptGroups([
      [never, { op: "op1", items: [item("1")] }],
      [ready, { op: "op2", items: [item("2")] }],
    ]);
    expect(answers.map(([code]) => code)).toEqual(["NOTREADY", "OK"]);
  });
});

test("a value of any type is replaced, as by SET", async () => {
  const partition = await fresh().armed();
  await harness.redis.rpush(partition.value("1"), "x");
  const written = item("1");
  const [[, base] = ["", 0]] = await partition.accept([{ op: "op", items: [written] }]);
  expect(await harness.redis.getBuffer(partition.value("1"))).toEqual(acceptedFrame(written, base));
});

test("an empty payload of a value that has only defaults is accepted", async () => {
  const partition = await fresh().armed();
  const [[code, base] = ["", 0]] = await partition.accept([{ op: "op", items: [item("1", "")] }]);
  expect(code).toBe("OK");
  expect(await harness.redis.getBuffer(partition.value("1"))).toEqual(
    frame({ version: base, flags: 0x40, payload: "" }),
  );
});
