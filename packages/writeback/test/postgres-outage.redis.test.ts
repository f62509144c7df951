import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { accept } from "./accept.ts";
import { expectRows, writeDuring } from "./load.ts";
import { SeverableProxy } from "./severable-proxy.ts";
import { newPool, partitionOfUser, preferences, Stack, until, usersOf } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterEach(async () => {
  await stack.stopWorkers();
  await stack.reset();
});
afterAll(() => stack.close());

describe("Postgres", () => {
  test("killed and started again: what was accepted meanwhile is written, once", async () => {
    const worker = stack.work();
    await stack.armed();
    const versions = await writeDuring(stack, async () => {
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
    await expectRows(stack, versions);
    expect(worker.status().postgres).toBe(true);
  });

  test("that closes every connection: the batches are repeated", async () => {
    const worker = stack.work();
    await stack.armed();
    const versions = await writeDuring(stack, async () => {
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
    await expectRows(stack, versions);
  });

  test("whose row somebody else holds locked: the batch gives up, waits, and is written when the lock is gone", async () => {
    const worker = stack.work();
    await accept(stack.client, 7, preferences(7, "first"));
    await stack.drained();
    const blocker = await stack.pool.connect();
    await blocker.query("begin");
    await blocker.query("select * from preferences where id = '7' for update");
    const version = await accept(stack.client, 7, preferences(7, "second"));
    await until("the batch to wait", async () => {
      const { rows } = await stack.pool.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'");
      return rows.length > 0;
    });
    // Longer than the lease, which ends on Postgres' own clock: the other partitions must not pay for the wait of one.
    await sleep(1_200);
    const lapsed = "select p from wb_part where lease_until < clock_timestamp() and p <> $1";
    expect((await stack.pool.query(lapsed, [partitionOfUser(7)])).rows).toEqual([]);
    await until("the lock timeout", () =>
      worker.events.some((event) => event.type === "error" && event.operation === "batch"),
    );
    await blocker.query("rollback");
    blocker.release();
    await stack.drained();
    expect(worker.events.some((event) => event.type === "fenced")).toBe(false);
    expect((await stack.row(7))?.ver).toBe(version);
  });
});

describe("a table that is slower than the time limit of a statement", () => {
  test("is written in smaller batches", async () => {
    await stack.pool.query(`
      create function be_slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.01); return new; end $$;
      create trigger be_slow before insert on preferences for each row execute function be_slow()`);
    const first = stack.work();
    await stack.armed();
    await first.stop();
    const users = usersOf(3, 120);
    for (const userId of users) await accept(stack.client, userId, preferences(userId));
    // All at once would take 1.2 s, again and again.
    const pool = newPool(stack.postgres.url, { statement_timeout: 500 });
    try {
      stack.work({ postgres: pool });
      await stack.drained();
      expect((await stack.pool.query("select 1 from preferences")).rowCount).toBe(users.length);
    } finally {
      await stack.stopWorkers();
      await pool.end();
      await stack.pool.query("drop trigger be_slow on preferences; drop function be_slow");
    }
  });
});

describe("a statement whose reply is lost", () => {
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
