import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { frame, Harness } from "./harness.ts";
import { item, Partition } from "./partition.ts";

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start({ "cluster-enabled": "yes" });
  await harness.redis.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
  // A lone node waits before it takes writes.
  while (!String(await harness.redis.call("CLUSTER", "INFO")).includes("cluster_state:ok")) await sleep(50);
});
afterAll(() => harness.stop());

// With a shebang a cluster refuses a key of another slot that was not declared: it is what catches a forgotten KEYS.
test.each([false, true])("every script of a key stays in its slot; with a log: %s", async (log) => {
  const entry = harness.entry({ log });
  expect((await entry.acquire("a")).code).toBe("LEASE");
  expect((await entry.acquire("b")).code).toBe("WAIT");
  expect((await entry.renew("a", "r")).code).toBe("OK");
  expect((await entry.fill("a", frame({ version: 7, createdAt: 1 }), { fresh: 1000, wake: "wake" })).code).toBe(
    "STORED",
  );
  expect((await entry.begin("w")).code).toBe("ALONE");
  expect((await entry.begin("x", { prev: "w" })).code).toBe("ALONE");
  expect((await entry.renew("x", "w")).code).toBe("OK");
  expect((await entry.store("x", frame({ version: 8 }), { version: 8, wake: "wake", l1: "l1" })).code).toBe("STORED");
  expect((await entry.finish(null, { version: 9, keep: 1, wake: "wake", l1: "l1" })).code).toBe("DELETED");
  expect((await entry.acquire("c")).code).toBe("LEASE");
  expect((await entry.release("c", "wake")).code).toBe("OK");
});

test("every script of a partition stays in its slot", async () => {
  const partition = await new Partition(harness, 3).armed();
  const items = [item("1"), item("2")];
  const [[code, base] = ["", 0]] = await partition.accept([{ op: "op", items }], { others: [2] });
  expect(code).toBe("OK");
  expect(String((await partition.pending("1"))[0])).toBe("PENDING");
  const marks = [
    ["1", base, "A"],
    ["2", base + 1, "D"],
  ] as const;
  expect(await partition.ack(marks, { upto: base + 1, events: 2, floorMs: 1000 })).toEqual(["OK", 2]);
  expect((await partition.rearm())[0]).toBe("SAME");
});

test("groups of two slots are refused before any effect", async () => {
  const [one, two] = [await new Partition(harness, 4).armed(), await new Partition(harness, 5).armed()];
  const keys = [one, two].flatMap(({ meta, wb, dirty }) => [meta, wb, dirty]);
  await expect(harness.eval("accept", keys, [])).rejects.toThrow(/CROSSSLOT/);
});
