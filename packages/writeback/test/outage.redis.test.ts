import { randomInt } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WorkerEvent } from "../src/index.ts";
import { accept, item, send } from "./accept.ts";
import { SeverableProxy } from "./severable-proxy.ts";
import { keysOf, newClient, newPool, preferences, Stack, until, usersOf } from "./stack.ts";

// Each of these tests breaks its servers: they get their own.
let stack: Stack;
afterEach(() => stack.close());

function armedStates(events: readonly WorkerEvent[]): string[] {
  return events.flatMap((event) => (event.type === "armed" ? [event.state] : []));
}

/** Writes to random users until `act` is done; gives the last accepted version of each. */
async function writeDuring(act: () => Promise<void>): Promise<Map<number, number>> {
  const last = new Map<number, number>();
  const enough = new AbortController();
  const writer = (async () => {
    while (!enough.signal.aborted) {
      const userId = randomInt(1, 500);
      last.set(userId, await accept(stack.client, userId, preferences(userId, `v${last.size}`)));
    }
  })();
  await act();
  enough.abort();
  await writer;
  return last;
}

async function expectRows(versions: ReadonlyMap<number, number>): Promise<void> {
  const { rows } = await stack.pool.query("select id, ver from preferences");
  const found = new Map(rows.map((row) => [Number(row.id), Number(row.ver)]));
  expect([...versions].filter(([userId, version]) => found.get(userId) !== version)).toEqual([]);
  const repeated = await stack.pool.query("select id, ver from row_writes group by id, ver having count(*) > 1");
  expect(repeated.rows).toEqual([]);
}

describe("Postgres", () => {
  beforeEach(async () => {
    stack = await Stack.start();
  });

  test("killed and started again: what was accepted meanwhile is written, once", async () => {
    const worker = stack.work();
    await stack.armed();
    const versions = await writeDuring(async () => {
      await until("some batches", () => worker.events.some((event) => event.type === "batch"));
      await stack.postgres.kill();
      await until("a failed batch", () =>
        worker.events.some((event) => event.type === "error" && event.operation === "batch"),
      );
      expect(worker.status().logs[0]?.partitionsPaused).toBe(0);
      await until("the heartbeat to fail", () => !worker.status().postgres);
      await stack.postgres.start();
    });
    await stack.drained();
    await expectRows(versions);
    expect(worker.status().postgres).toBe(true);
  });

  test("that closes every connection: the batches are repeated", async () => {
    const worker = stack.work();
    await stack.armed();
    const versions = await writeDuring(async () => {
      for (let i = 0; i < 5; i++) {
        const batches = worker.events.filter((event) => event.type === "batch").length;
        await until("a batch", () => worker.events.filter((event) => event.type === "batch").length > batches);
        await stack.pool.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cachepact-writeback'",
        );
      }
    });
    await stack.drained();
    expect(worker.events.some((event) => event.type === "error")).toBe(true);
    await expectRows(versions);
  });

  test("whose row somebody else holds locked: the batch gives up, waits, and is written when the lock is gone", async () => {
    const worker = stack.work();
    await accept(stack.client, 7, preferences(7, "first"));
    await stack.drained();
    const blocker = await stack.pool.connect();
    await blocker.query("begin");
    await blocker.query("select * from preferences where id = '7' for update");
    const version = await accept(stack.client, 7, preferences(7, "second"));
    await until("the lock timeout", () =>
      worker.events.some((event) => event.type === "error" && event.operation === "batch"),
    );
    // Longer than the lease: waiting for a row does not cost the other partitions.
    expect(worker.events.some((event) => event.type === "fenced")).toBe(false);
    expect(worker.status().logs[0]?.partitionsOwned).toBe(16);
    await blocker.query("rollback");
    blocker.release();
    await stack.drained();
    expect((await stack.row(7))?.ver).toBe(version);
  });
});

describe("a statement whose reply is lost", () => {
  beforeEach(async () => {
    stack = await Stack.start();
  });

  test("and that still runs when its batch is repeated does not leave a row that the repetition deletes", async () => {
    const [absent = 0, locked = 0] = usersOf(3, 2);
    const proxy = await SeverableProxy.before(stack.postgres.port);
    const url = new URL(stack.postgres.url);
    url.port = String(proxy.port);
    // A pool of the caller: without the limits that the worker's own pool gives to its statements.
    const pool = newPool(url.href);
    try {
      const worker = stack.work({ postgres: pool });
      await accept(stack.client, locked, preferences(locked));
      await stack.drained();
      const blocker = await stack.pool.connect();
      await blocker.query("begin");
      await blocker.query("select * from preferences where id = $1 for update", [String(locked)]);
      // This batch inserts one row and then waits for the other.
      await Promise.all([
        accept(stack.client, absent, preferences(absent)),
        accept(stack.client, locked, preferences(locked, "second")),
      ]);
      const waiting = async (): Promise<number> => {
        const { rows } = await stack.pool.query(
          "select count(*)::integer as n from pg_stat_activity where wait_event_type = 'Lock'",
        );
        return rows[0].n;
      };
      await until("the batch to wait", async () => (await waiting()) > 0);
      expect(proxy.sever()).toBeGreaterThan(0);
      await accept(stack.client, absent, null);
      await until("the repetition to wait as well", async () => (await waiting()) > 1);
      await blocker.query("rollback");
      blocker.release();

      await stack.drained();
      expect(worker.events.some((event) => event.type === "error" && event.operation === "batch")).toBe(true);
      expect(await stack.row(absent)).toBeUndefined();
      expect((await stack.row(locked))?.doc).toMatchObject({ language: "second" });
      // The first statement did run, after its reply could not be given any more.
      const { rows } = await stack.pool.query("select op from row_writes where id = $1", [String(absent)]);
      expect(rows).toEqual([{ op: "INSERT" }, { op: "DELETE" }]);
      await stack.stopWorkers();
    } finally {
      await pool.end();
      await proxy.close();
    }
  });
});

describe("Redis that keeps its data", () => {
  beforeEach(async () => {
    stack = await Stack.start({ appendonly: "yes", appendfsync: "always" });
  });

  test("killed and started again: armed anew without a loss, and nothing accepted is missing", async () => {
    const worker = stack.work();
    await stack.armed();
    const versions = await writeDuring(async () => {
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
    await expectRows(versions);
    expect(armedStates(worker.events)).not.toContain("loss");
    expect(armedStates(worker.events)).not.toContain("older");
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
    const versions = await writeDuring(async () => {
      stack.redis.pause();
      await until("a timeout", () => worker.events.some((event) => event.type === "error"));
      stack.redis.resume();
      const batches = worker.events.filter((event) => event.type === "batch").length;
      await until("a batch", () => worker.events.filter((event) => event.type === "batch").length > batches);
    });
    await stack.drained();
    await expectRows(versions);
  });
});

describe("Redis that loses its data", () => {
  beforeEach(async () => {
    stack = await Stack.start();
  });

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
    await until("the marks to be looked at", () => worker.events.some((event) => event.type === "marks_cleared"));
    expect(worker.events.find((event) => event.type === "marks_cleared")).toMatchObject({ marks: 0 });
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
    stack.client.disconnect();
    stack.client = newClient(stack.redis.url);

    const third = stack.work();
    await stack.drained();
    expect(armedStates(third.events)).toContain("older");
    expect(await stack.row(7)).toMatchObject({ ver: newest, doc: { language: "new" } });
    expect(await stack.client.exists(keysOf(7).value)).toBe(0);
    expect(await accept(stack.client, 7, preferences(7, "next"))).toBeGreaterThan(newest);
  });
});

describe("a full Redis", () => {
  beforeEach(async () => {
    // Clean values may be evicted, so that draining makes room; nothing that is not written has a ttl.
    stack = await Stack.start({ appendonly: "yes", appendfsync: "no", "maxmemory-policy": "volatile-lfu" });
  });

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

  test("is drained, and accepts again", async () => {
    const versions = await fill();
    stack.work({ logLimitBytes: 1024 ** 3 });
    await stack.drained();
    await expectRows(versions);
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
    expect(armedStates(worker.events)).toContain("restarted");
    await expectRows(versions);
    await accept(stack.client, 1, preferences(1, "again"));
  });
});
