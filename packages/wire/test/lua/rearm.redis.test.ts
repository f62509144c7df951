import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness } from "./harness.ts";
import { item, Partition, RUN } from "./partition.ts";

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

const OTHER_RUN = "e".repeat(40);
const AHEAD = 9_000_000_000_000_000;

describe("rearm answers LOSS", () => {
  test("for a new partition: a new epoch, a clock above 0 and an empty stream", async () => {
    const partition = fresh();
    expect(await partition.rearm({ newEpoch: 1, limit: 5000 })).toEqual(["LOSS", "1", "1", "0"]);
    expect(await partition.state()).toEqual({ run: RUN, ep: "1", clk: "1", skew: "0", by: "0", lim: "5000" });
    expect(await harness.redis.type(partition.wb)).toBe("stream");
    expect(await partition.events()).toEqual([]);
    expect(await partition.accept([{ op: "op", items: [item("1")] }])).toMatchObject([["OK", expect.any(Number)]]);
  });

  test("with the database's version when all is gone: nothing below it is accepted again", async () => {
    const partition = fresh();
    expect(await partition.rearm({ newEpoch: 7, stored: AHEAD })).toEqual(["LOSS", "7", String(AHEAD), "0"]);
    const skew = Number((await partition.state())["skew"]);
    const time = (await harness.redis.time()).map(Number);
    const now = (time[0] ?? 0) * 1_000_000 + (time[1] ?? 0);
    expect(Math.abs(now + skew - AHEAD)).toBeLessThan(5_000_000);
    await expect(harness.redis.xadd(partition.wb, `${AHEAD}-0`, "k", "x")).rejects.toThrow(/equal or smaller/);
    const deadline = Math.floor(AHEAD / 1000) + 25_000;
    const [[code, base] = ["", 0]] = await partition.accept([{ op: "op", deadline, items: [item("1")] }]);
    expect(code).toBe("OK");
    expect(base).toBeGreaterThan(AHEAD);
  });

  test("when meta is gone: the stream's last id restores the clock, its length the bytes", async () => {
    const partition = await fresh().armed();
    await partition.accept([{ op: "op", items: [item("1"), item("2")] }]);
    const last = Number((await partition.state())["clk"]);
    await harness.redis.del(partition.meta);
    expect(await partition.rearm({ newEpoch: 2 })).toEqual(["LOSS", "2", String(last), "2"]);
    expect(await partition.state()).toMatchObject({ clk: String(last), by: "1600" });
    expect(await partition.events()).toHaveLength(2);
  });

  test("when the stream is gone, on the same run: marks are counted, bytes start at 0", async () => {
    const partition = await fresh().armed();
    await partition.accept([{ op: "op", items: [item("1")] }]);
    const clk = (await partition.state())["clk"] ?? "";
    await harness.redis.del(partition.wb);
    expect(await partition.rearm({ newEpoch: 2 })).toEqual(["LOSS", "2", clk, "1"]);
    expect(await partition.state()).toMatchObject({ ep: "2", by: "0" });
    await expect(harness.redis.xadd(partition.wb, `${clk}-0`, "k", "x")).rejects.toThrow(/equal or smaller/);
  });

  test("when meta has no clock", async () => {
    const partition = await fresh().armed();
    await harness.redis.hdel(partition.meta, "clk");
    expect((await partition.rearm({ newEpoch: 2 }))[0]).toBe("LOSS");
  });
});

describe("rearm answers OLDER", () => {
  test("when the database is ahead, on any run: a new epoch, the clock above the database, the stream kept", async () => {
    for (const run of [RUN, OTHER_RUN]) {
      const partition = await fresh().armed();
      await partition.accept([{ op: "op", items: [item("1")] }]);
      expect(await partition.rearm({ run, newEpoch: 3, stored: AHEAD })).toEqual(["OLDER", "3", String(AHEAD), "1"]);
      expect(await partition.state()).toMatchObject({ run, ep: "3", clk: String(AHEAD) });
      expect(await partition.events()).toHaveLength(1);
    }
  });
});

describe("rearm answers OK", () => {
  test("on a new run with nothing lost: the epoch stays, accept needs the new run", async () => {
    const partition = await fresh().armed();
    await partition.accept([{ op: "op", items: [item("1")], cost: 500 }]);
    const clk = (await partition.state())["clk"] ?? "";
    const reply = await partition.rearm({ run: OTHER_RUN, newEpoch: 9, stored: Number(clk), limit: 7000 });
    expect(reply).toEqual(["OK", "1", clk, "1"]);
    expect(await partition.state()).toMatchObject({ run: OTHER_RUN, ep: "1", clk, by: "500", lim: "7000" });
    expect(await partition.accept([{ op: "op2", items: [item("1")] }])).toEqual([["NOTREADY", 0]]);
    const [[code] = [""]] = await partition.accept([{ op: "op2", items: [item("1")] }], { run: OTHER_RUN });
    expect(code).toBe("OK");
  });

  test("on a server whose clock is behind: the partition's clock goes on", async () => {
    const partition = await fresh().armed();
    await harness.redis.hset(partition.meta, "clk", AHEAD);
    await partition.rearm({ run: OTHER_RUN });
    const [[code, now] = ["", 0]] = await partition.accept([{ op: "op", items: [item("1")] }], { run: OTHER_RUN });
    expect([code, Math.abs(now - AHEAD / 1000) < 5_000]).toEqual(["CLOCK", true]);
  });

  test("on the same run when the stream went ahead of the clock", async () => {
    const partition = await fresh().armed();
    await harness.redis.xadd(partition.wb, `${AHEAD}-0`, "k", "x");
    expect(await partition.rearm()).toEqual(["OK", "1", String(AHEAD), "0"]);
    expect((await partition.state())["clk"]).toBe(String(AHEAD));
  });
});

describe("rearm answers SAME", () => {
  test("on the same run with nothing lost, and sets the limit only", async () => {
    const partition = await fresh().armed();
    await partition.accept([{ op: "op", items: [item("1")] }]);
    const before = await partition.state();
    const reply = await partition.rearm({ newEpoch: 9, stored: Number(before["clk"]), limit: 7000 });
    expect(reply).toEqual(["SAME", "1", before["clk"], "1"]);
    expect(await partition.state()).toEqual({ ...before, lim: "7000" });
  });
});
