import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frame, Harness, token } from "./harness.ts";
import { acceptedFrame, item, Partition } from "./partition.ts";

let harness: Harness;

/** Fills Redis until it refuses a write: from then on every growing command is an OOM error. */
async function fill(): Promise<void> {
  const filler = Buffer.alloc(100_000);
  for (let index = 0; index < 1000; index += 1) {
    try {
      await harness.redis.set(`filler:${index}`, filler);
    } catch (error) {
      expect(String(error)).toMatch(/OOM/);
      return;
    }
  }
  throw new Error("Redis never became full");
}

beforeAll(async () => {
  harness = await Harness.start({ maxmemory: "16mb", "maxmemory-policy": "noeviction" });
});
afterAll(() => harness.stop());

describe("a full Redis", () => {
  test("refuses acquire, fill, store and accept before any effect; everything else runs and it drains", async () => {
    const leased = harness.entry();
    await leased.acquire("a");
    const waited = harness.entry();
    await waited.acquire("a");
    const begun = harness.entry();
    await begun.begin("w");
    const stored = harness.entry();
    await stored.put(frame({ version: 1 }));
    const partition = await new Partition(harness, 1).armed();
    const written = item("1");
    const [[, base] = ["", 0]] = await partition.accept([{ op: "op", items: [written], cost: 900 }]);
    await harness.redis.set(partition.lease("1"), `r${token("reader")}`);
    await fill();

    const before = await harness.dump();
    const refusals = [
      () => stored.acquire("b", { seen: 0 }),
      () => leased.fill("a", frame({ version: 7 })),
      () => begun.store("w", frame({ version: 7 }), { version: 7 }),
      () => partition.accept([{ op: "op2", items: [item("2")] }]),
    ];
    for (const call of refusals) await expect(call()).rejects.toThrow(/OOM/);
    expect(await harness.dump()).toEqual(before);

    expect((await begun.renew("w", "w", 900_000)).code).toBe("OK");
    expect((await begun.finish("w", { version: 7 })).code).toBe("DELETED");
    expect(await begun.records()).toMatchObject({ lease: null, floor: "7", writers: {} });
    expect((await waited.release("a")).code).toBe("OK");
    expect((await stored.begin("w")).code).toBe("ALONE");
    expect((await stored.records()).lease).toBe(`w${token("w")}`);
    expect((await partition.pending("1"))[2]).toEqual(acceptedFrame(written, base));
    expect((await partition.rearm({ run: "e".repeat(40), newEpoch: 2 }))[0]).toBe("OK");
    await harness.redis.del(partition.wb);
    expect((await partition.rearm({ run: "e".repeat(40), newEpoch: 3 }))[0]).toBe("LOSS");
    expect(
      await partition.ack([["1", base, "A"]], { run: "e".repeat(40), upto: base, events: 1, floorMs: 1000 }),
    ).toEqual(["OK", 1]);
    expect(await harness.redis.get(partition.floor("1"))).toBe(String(base));
    expect(await partition.marks()).toEqual({});
  });
});
