import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness } from "./harness.ts";
import { acceptedFrame, item, Partition, removal } from "./partition.ts";

let harness: Harness;
let partitions = 0;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

async function ready(): Promise<Partition> {
  partitions += 1;
  return await new Partition(harness, partitions).armed();
}

describe("pending", () => {
  test("is CLEAN for an id without a mark", async () => {
    const partition = await ready();
    await partition.accept([{ op: "op", items: [item("1")] }]);
    expect((await partition.pending("2")).map(String)).toEqual(["CLEAN"]);
  });

  test("is PENDING with the very frame that accept wrote, also for a removal", async () => {
    const partition = await ready();
    const items = [item("1", "first"), item("1", "second"), removal("2"), item("3", "")];
    const [[, base] = ["", 0]] = await partition.accept([{ op: "op", items }]);
    for (const [index, written] of [...items.entries()].slice(1)) {
      const reply = await partition.pending(written.id);
      expect(reply).toEqual([
        Buffer.from("PENDING"),
        Buffer.from(String(base + index)),
        acceptedFrame(written, base + index),
      ]);
      expect(reply[2]).toEqual(await harness.redis.getBuffer(partition.value(written.id)));
    }
  });

  test("is OTHER when the write is of another generation", async () => {
    const partition = await ready();
    const [[, base] = ["", 0]] = await partition.accept([{ op: "op", items: [item("1")] }]);
    expect((await partition.pending("1", 2)).map(String)).toEqual(["OTHER", String(base), "1"]);
  });

  test("is GONE when the mark stands and its entry does not, or is of another id", async () => {
    const partition = await ready();
    const [[, base] = ["", 0]] = await partition.accept([{ op: "op", items: [item("1")] }]);
    await harness.redis.hset(partition.dirty, "2", base, "3", base + 1, "4", "garbage");
    expect((await partition.pending("2")).map(String)).toEqual(["GONE", String(base)]);
    expect((await partition.pending("3")).map(String)).toEqual(["GONE", String(base + 1)]);
    expect((await partition.pending("4")).map(String)).toEqual(["GONE", "garbage"]);
  });

  test("writes nothing", async () => {
    const partition = await ready();
    await partition.accept([{ op: "op", items: [item("1")] }]);
    await harness.redis.del(partition.value("1"));
    const before = await harness.dump();
    await partition.pending("1");
    expect(await harness.dump()).toEqual(before);
  });
});
