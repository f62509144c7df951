import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { accept } from "./accept.ts";
import { preferences, Stack, until, usersOf } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterEach(async () => {
  await stack.stopWorkers();
  await stack.reset();
});
afterAll(() => stack.close());

describe("stop", () => {
  test("finishes the batch in flight, acknowledgement included, and reads no further one", async () => {
    const first = stack.work();
    await stack.armed();
    await first.stop();
    for (const userId of usersOf(3, 40)) await accept(stack.client, userId, preferences(userId));
    const worker = stack.work({ batchEventsMax: 10 });
    await new Promise<void>((resolve) => {
      worker.on((event) => {
        if (event.type === "read") resolve();
      });
    });
    await worker.stop();
    expect(worker.events.filter((event) => event.type === "read")).toHaveLength(1);
    expect(worker.events.filter((event) => event.type === "batch")).toHaveLength(1);
    expect((await stack.pool.query("select 1 from preferences")).rowCount).toBe(10);
    expect(await stack.backlog()).toBe(30);
    expect(await stack.marks()).toBe(30);
    expect((await stack.pool.query("select 1 from wb_part where owner is not null")).rowCount).toBe(0);
  });

  test("may be called twice, and before anything began", async () => {
    const worker = stack.work();
    await Promise.all([worker.stop(), worker.stop()]);
    await worker.stop();
    await expect(worker.done).resolves.toBeUndefined();
  });

  test("ends in time when a statement waits for somebody's lock", async () => {
    const worker = stack.work({ stopTimeoutMs: 1_000 });
    await stack.armed();
    const blocker = await stack.pool.connect();
    try {
      await blocker.query("begin");
      await blocker.query("lock table preferences in exclusive mode");
      await accept(stack.client, 7, preferences(7));
      await until("the batch to be read", () => worker.events.some((event) => event.type === "read"));
      const startedMs = performance.now();
      await worker.stop();
      expect(performance.now() - startedMs).toBeLessThan(1_500);
    } finally {
      await blocker.query("rollback");
      blocker.release();
    }
    stack.work();
    await stack.drained();
  });

  test("ends in time when neither Redis nor Postgres answers", async () => {
    const worker = stack.work({ stopTimeoutMs: 1_000 });
    await stack.armed();
    stack.redis.pause();
    process.kill(stack.postgres.pid, "SIGSTOP");
    try {
      const startedMs = performance.now();
      await worker.stop();
      expect(performance.now() - startedMs).toBeLessThan(1_500);
    } finally {
      process.kill(stack.postgres.pid, "SIGCONT");
      stack.redis.resume();
    }
  });
});
