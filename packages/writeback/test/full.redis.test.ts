import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { accept, item, send } from "./accept.ts";
import { expectRows } from "./load.ts";
import { preferences, Stack, until } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  // Clean values may be evicted, so that draining makes room; nothing that is not written has a ttl.
  stack = await Stack.start({ appendonly: "yes", appendfsync: "no", "maxmemory-policy": "volatile-lfu" });
});
afterEach(async () => {
  await stack.stopWorkers();
  await stack.client.config("SET", "maxmemory", "0");
  await stack.reset();
});
afterAll(() => stack.close());

async function usedBytes(): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await stack.client.info("memory"))?.[1]);
}

/** Writes a backlog without a worker, and then lowers maxmemory below what is used. */
async function fill(): Promise<Map<number, number>> {
  const first = stack.work({ logLimitBytes: 1024 ** 3 });
  await stack.armed();
  await first.stop();
  const users = Array.from({ length: 400 }, (_, i) => i + 1);
  const large = (userId: number): Promise<number> =>
    accept(stack.client, userId, preferences(userId, "x".repeat(6_000)));
  const versions = await Promise.all(users.map(large));
  await limit();
  return new Map(users.map((userId, i) => [userId, versions[i] ?? 0]));
}

async function limit(): Promise<void> {
  await stack.client.config("SET", "maxmemory", String(Math.floor((await usedBytes()) * 0.95)));
  await expect(send(stack.client, item(1, preferences(1)))).rejects.toThrow("OOM");
}

describe("a full Redis", () => {
  test("is drained, and accepts again", async () => {
    const versions = await fill();
    stack.work({ logLimitBytes: 1024 ** 3 });
    await stack.drained();
    await expectRows(stack, versions);
    await accept(stack.client, 1, preferences(1, "again"));
  });

  test("is armed and drained after a restart while full", async () => {
    const versions = await fill();
    await stack.redis.kill();
    await stack.redis.start();
    await until("Redis to answer", async () => (await stack.client.ping()) === "PONG");
    await limit();
    const worker = stack.work({ logLimitBytes: 1024 ** 3 });
    await stack.drained();
    expect(worker.events).toContainEqual(expect.objectContaining({ type: "armed", state: "restarted" }));
    await expectRows(stack, versions);
    await accept(stack.client, 1, preferences(1, "again"));
  });
});
