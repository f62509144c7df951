import { scripts } from "@cachepact/wire";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { WorkerEvent } from "../src/index.ts";
import { accept, item, send } from "./accept.ts";
import { expectRows, writeDuring } from "./load.ts";
import { keysOf, newClient, preferences, Stack, until } from "./stack.ts";

let stack: Stack;
afterEach(async () => {
  await stack.stopWorkers();
  await stack.reset();
});

function armedStates(events: readonly WorkerEvent[]): string[] {
  return events.flatMap((event) => (event.type === "armed" ? [event.state] : []));
}

describe("Redis that keeps its data", () => {
  beforeAll(async () => {
    stack = await Stack.start({ appendonly: "yes", appendfsync: "always" });
  });
  afterAll(() => stack.close());

  test("killed and started again: armed anew without a loss, and nothing accepted is missing", async () => {
    const worker = stack.work();
    await stack.armed();
    const versions = await writeDuring(stack, async () => {
      for (let i = 0; i < 2; i++) {
        const restarts = armedStates(worker.events).filter((state) => state === "restarted").length;
        await stack.redis.kill();
        await stack.redis.start();
        await until(
          "arming",
          () => armedStates(worker.events).filter((state) => state === "restarted").length >= restarts + 16,
        );
      }
    });
    await stack.drained();
    await expectRows(stack, versions);
    expect(armedStates(worker.events)).not.toContain("loss");
    expect(armedStates(worker.events)).not.toContain("older");
    // What is reported is read at night, by somebody who does not know the client library.
    const said = worker.events.flatMap((event) => (event.type === "error" ? [event.error.message] : []));
    expect(said.join("\n")).toMatch(/the connection to Redis broke/);
    expect(said.join("\n")).not.toMatch(/maxRetriesPerRequest|enableOfflineQueue|Socket timeout/);
  });

  test("refuses writes after a restart until a worker has armed it", async () => {
    const first = stack.work();
    await stack.armed();
    await first.stop();
    await stack.redis.kill();
    await stack.redis.start();
    expect(await send(stack.client, item(7, preferences(7)))).toEqual(["NOTREADY", 0]);
    stack.work();
    await accept(stack.client, 7, preferences(7));
    await stack.drained();
    expect(await stack.row(7)).toBeDefined();
  });

  test("frozen for longer than any deadline of the worker: it goes on afterwards", async () => {
    const worker = stack.work();
    await stack.armed();
    const versions = await writeDuring(stack, async () => {
      stack.redis.pause();
      await until("a timeout", () => worker.events.some((event) => event.type === "error"));
      stack.redis.resume();
      const batches = worker.events.filter((event) => event.type === "batch").length;
      await until("a batch", () => worker.events.filter((event) => event.type === "batch").length > batches);
    });
    await stack.drained();
    await expectRows(stack, versions);
  });
});

describe("Redis that loses its data", () => {
  beforeAll(async () => {
    stack = await Stack.start();
  });
  afterAll(() => stack.close());

  test("started empty: the loss is reported once a partition, and writes are accepted above all former versions", async () => {
    const worker = stack.work();
    const before = await accept(stack.client, 7, preferences(7, "before"));
    await stack.drained();
    // As if Redis' clock had been an hour ahead.
    const ahead = before + 3_600_000_000;
    await stack.pool.query("update wb_part set max_ver = $1", [ahead]);
    await stack.redis.kill();
    await stack.redis.start();
    await until("the losses", () => armedStates(worker.events).filter((state) => state === "loss").length === 16);
    const version = await accept(stack.client, 7, preferences(7, "after"));
    expect(version).toBeGreaterThan(ahead);
    await stack.drained();
    expect(await stack.row(7)).toMatchObject({ ver: version, doc: { language: "after" } });
    const { rows } = await stack.pool.query("select distinct epoch from wb_part");
    expect(rows).toEqual([{ epoch: "2" }]);
    expect(armedStates(worker.events).filter((state) => state === "new")).toHaveLength(16);
  });

  test("flushed while it runs: found without a restart", async () => {
    const worker = stack.work();
    await stack.armed();
    await stack.client.flushall();
    await until("the losses", () => armedStates(worker.events).filter((state) => state === "loss").length === 16);
    await accept(stack.client, 7, preferences(7));
    await stack.drained();
    expect(await stack.row(7)).toBeDefined();
  });

  test("whose stream was deleted: the marks of its events are cleared, so that their keys can be cached again", async () => {
    const first = stack.work();
    await stack.armed();
    await first.stop();
    await accept(stack.client, 7, preferences(7));
    const { log, value } = keysOf(7);
    await stack.client.del(log?.wb ?? "");
    // Killed after it noticed the loss and before it did anything about it: the next one sees none.
    const armed = newClient(stack.redis.url);
    const run = /^run_id:(\w+)/m.exec(await armed.info("server"))?.[1] ?? "";
    const { rearm } = scripts;
    const reply = await armed.eval(
      rearm.source,
      3,
      log?.meta ?? "",
      log?.wb ?? "",
      log?.dirty ?? "",
      run,
      2,
      0,
      1_000_000,
    );
    expect(reply).toMatchObject(["LOSS", "2", expect.anything(), "1"]);
    armed.disconnect();
    const worker = stack.work();
    await until("the marks to be cleared", () => worker.events.some((event) => event.type === "marks_cleared"));
    expect(worker.events.find((event) => event.type === "marks_cleared")).toMatchObject({ marks: 1 });
    expect(await stack.client.exists(value)).toBe(0);
    await stack.drained();
    const version = await accept(stack.client, 7, preferences(7, "again"));
    await stack.drained();
    expect((await stack.row(7))?.ver).toBe(version);
  });

  test("whose metadata was deleted: events and marks stay and are written", async () => {
    const first = stack.work();
    await stack.armed();
    await first.stop();
    const version = await accept(stack.client, 7, preferences(7));
    await stack.client.del(keysOf(7).log?.meta ?? "");
    const worker = stack.work();
    await stack.drained();
    expect((await stack.row(7))?.ver).toBe(version);
    expect(armedStates(worker.events)).toContain("loss");
    expect(worker.events.some((event) => event.type === "marks_cleared")).toBe(false);
    expect(await stack.client.exists(keysOf(7).value)).toBe(1);
  });

  test("started with an older state: reported, and a value that the table has newer is not served as clean", async () => {
    const worker = stack.work();
    await stack.armed();
    await worker.stop();
    await accept(stack.client, 7, preferences(7, "old"));
    await stack.client.save();
    const newest = await accept(stack.client, 7, preferences(7, "new"));
    const second = stack.work();
    await stack.drained();
    await second.stop();
    await stack.redis.kill();
    await stack.redis.start();

    const third = stack.work();
    await stack.drained();
    expect(armedStates(third.events)).toContain("older");
    expect(await stack.row(7)).toMatchObject({ ver: newest, doc: { language: "new" } });
    expect(await stack.client.exists(keysOf(7).value)).toBe(0);
    expect(await accept(stack.client, 7, preferences(7, "next"))).toBeGreaterThan(newest);
  });
});
