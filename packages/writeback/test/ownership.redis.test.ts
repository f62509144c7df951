import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { accept } from "./accept.ts";
import { expectRows, writeDuring } from "./load.ts";
import { preferences, Stack, until, usersOf } from "./stack.ts";

const PARTITIONS = 16;

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterEach(async () => {
  await stack.stopWorkers();
  await stack.reset();
});
afterAll(() => stack.close());

async function owners(): Promise<Map<string, number>> {
  const { rows } = await stack.pool.query(
    "select owner, count(*)::integer as count from wb_part where owner is not null and lease_until > clock_timestamp() group by owner",
  );
  return new Map(rows.map((row) => [row.owner, row.count]));
}

function owned(worker: { status(): { logs: readonly { partitionsOwned: number }[] } }): number {
  return worker.status().logs[0]?.partitionsOwned ?? 0;
}

describe("sharing", () => {
  test("a single worker owns all partitions, a second one takes half, a third one a third", async () => {
    const first = stack.work();
    await until("the first to own all", () => owned(first) === PARTITIONS);
    const second = stack.work();
    await until("two shares of 8", () => owned(first) === 8 && owned(second) === 8);
    const third = stack.work();
    await until("three shares of at most 6", () => [first, second, third].every((worker) => owned(worker) <= 6));
    await until("all partitions to be owned", () => owned(first) + owned(second) + owned(third) === PARTITIONS);
    expect([...(await owners()).values()].toSorted((a, b) => a - b)).toEqual([4, 6, 6]);
  });

  test("writes go on while partitions move, each row ends at its last version and no version is written twice", async () => {
    stack.work();
    await stack.armed();
    const versions = await writeDuring(stack, async () => {
      const second = stack.work();
      await until("the second to take its share", () => owned(second) === 8);
      await second.stop();
      const third = stack.work();
      await until("the third to take its share", () => owned(third) === 8);
    });
    await stack.drained();
    await expectRows(stack, versions);
  });

  test("a worker that stops gives everything back, and the other one has it without waiting for a lease", async () => {
    const first = stack.work({ leaseMs: 60_000 });
    const second = stack.work({ leaseMs: 60_000 });
    await until("both shares", () => owned(first) === 8 && owned(second) === 8);
    const before = second.events.length;
    await second.stop();
    expect(second.events.slice(before).filter((event) => event.type === "released")).toHaveLength(8);
    await until("the first to own all", () => owned(first) === PARTITIONS, 5_000);
    expect([...(await owners()).keys()]).toEqual([first.id]);
    expect((await stack.pool.query("select id from wb_worker")).rows).toEqual([{ id: first.id }]);
  });
});

describe("fences", () => {
  test("each claim raises the fence", async () => {
    await stack.work().stop();
    const worker = stack.work();
    await until("all to be owned", () => owned(worker) === PARTITIONS);
    const before = await stack.pool.query("select min(fence)::integer as low from wb_part");
    await worker.stop();
    const next = stack.work();
    await until("all to be owned again", () => owned(next) === PARTITIONS);
    const after = await stack.pool.query("select min(fence)::integer as low from wb_part");
    expect(after.rows[0].low).toBeGreaterThan(before.rows[0].low);
  });

  test("a worker whose fence was passed while it held a batch writes nothing of it and drops the partition", async () => {
    const [userId = 0] = usersOf(3, 1);
    const worker = stack.work();
    await stack.armed();
    // What a claim by somebody else does, between the read and the statement of this worker.
    const passed: Promise<unknown>[] = [];
    const blocker = await stack.pool.connect();
    try {
      await blocker.query("begin");
      await blocker.query(
        "update wb_part set owner = 'other', fence = fence + 1, lease_until = clock_timestamp() + interval '1 hour' where p = 3",
      );
      worker.on((event) => {
        if (event.type !== "read" || event.partition !== 3 || passed.length > 0) return;
        // The statement now waits for the row; the other claim commits first.
        passed.push(sleep(100).then(() => blocker.query("commit")));
      });
      await accept(stack.client, userId, preferences(userId));
      await until("the worker to be fenced", () =>
        worker.events.some((event) => event.type === "fenced" && event.partition === 3),
      );
      expect(passed).toHaveLength(1);
      await Promise.all(passed);
    } finally {
      blocker.release();
    }
    expect(await stack.row(userId)).toBeUndefined();
    expect(await stack.backlog()).toBe(1);
    expect(await stack.marks()).toBe(1);
    expect(worker.events.some((event) => event.type === "committed" && event.partition === 3)).toBe(false);
    expect(owned(worker)).toBe(PARTITIONS - 1);
    // The watermark is the owner's alone.
    expect((await stack.pool.query("select max_ver from wb_part where p = 3")).rows).toEqual([{ max_ver: "0" }]);

    await stack.pool.query("update wb_part set owner = null, lease_until = 'epoch' where p = 3");
    await stack.drained();
    expect(await stack.row(userId)).toBeDefined();
  });
});

describe("a start", () => {
  test("with another number of partitions than the database has is refused", async () => {
    await stack.pool.query("insert into wb_part (log, p) select 'preferences', p from generate_series(0, 7) p");
    await expect(stack.work().done).rejects.toMatchObject({
      code: "E_OPTION",
      message: expect.stringContaining("8 partitions"),
    });
  });

  test("without the sink's table, or with another shape of it, is refused", async () => {
    await stack.pool.query("alter table preferences rename to elsewhere");
    await expect(stack.work().done).rejects.toMatchObject({
      code: "E_MIGRATION",
      message: expect.stringContaining('"preferences"'),
    });
    await stack.pool.query(
      "alter table elsewhere rename to preferences; alter table preferences rename column doc to document",
    );
    await expect(stack.work().done).rejects.toMatchObject({ code: "E_MIGRATION" });
    await stack.pool.query("alter table preferences rename column document to doc");
  });

  test("without the worker's own tables is refused", async () => {
    await stack.pool.query("alter table wb_worker rename to elsewhere");
    await expect(stack.work().done).rejects.toMatchObject({
      code: "E_MIGRATION",
      message: expect.stringContaining("migrate()"),
    });
    await stack.pool.query("alter table elsewhere rename to wb_worker");
  });

  test("on a Postgres that forgets commits is refused", async () => {
    await stack.pool.query("alter role postgres set synchronous_commit = off");
    await expect(stack.work().done).rejects.toMatchObject({ code: "E_OPTION" });
    await stack.pool.query("alter role postgres reset synchronous_commit");
  });

  test("on a Redis that may evict anything is refused", async () => {
    await stack.client.config("SET", "maxmemory-policy", "allkeys-lru");
    await expect(stack.work().done).rejects.toMatchObject({ code: "E_EVICTION" });
    await stack.client.config("SET", "maxmemory-policy", "noeviction");
  });

  test("of two workers at once on a new log gives it its partitions once", async () => {
    const workers = [stack.work(), stack.work()];
    await until("all to be owned", () => workers.reduce((sum, worker) => sum + owned(worker), 0) === PARTITIONS);
    expect((await stack.pool.query("select count(*)::integer as count from wb_part")).rows).toEqual([
      { count: PARTITIONS },
    ]);
  });
});
