import { Preferences } from "@cachepact/contracts";
import { decodeEntry } from "@cachepact/wire";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { accept } from "./accept.ts";
import { keysOf, preferences, Stack, until, usersOf } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterEach(async () => {
  await stack.stopWorkers();
  await stack.reset();
});
afterAll(() => stack.close());

async function entry(userId: number): Promise<{ version: number; dirty: boolean; value: Preferences | null } | null> {
  const bytes = await stack.client.getBuffer(keysOf(userId).value);
  return bytes && decodeEntry(Preferences, bytes, { userId });
}

describe("a write", () => {
  test("reaches its row as canonical JSON, under the version that it was accepted with", async () => {
    stack.work();
    const version = await accept(stack.client, 7, { ...preferences(7), settings: { "tab ß": "1" } });
    await stack.drained();
    expect(await stack.row(7)).toEqual({
      ver: version,
      gen: 1,
      doc: { user_id: 7, theme: "THEME_DARK", language: "en", email_opt_in: true, settings: { "tab ß": "1" } },
    });
  });

  test("is clean with a ttl once it is in the table, and leaves no event, mark or cost behind", async () => {
    stack.work();
    const version = await accept(stack.client, 7, preferences(7));
    expect(await stack.client.pttl(keysOf(7).value)).toBe(-1);
    await stack.drained();
    expect(await entry(7)).toMatchObject({ version, dirty: false, value: preferences(7) });
    const ttlMs = await stack.client.pttl(keysOf(7).value);
    expect(ttlMs).toBeGreaterThan(Preferences.record.ttl_ms * (1 - Preferences.record.jitter_ratio) - 20_000);
    expect(ttlMs).toBeLessThanOrEqual(Preferences.record.ttl_ms);
    expect(await stack.client.hget(keysOf(7).log?.meta ?? "", "by")).toBe("0");
    expect(await stack.client.exists(keysOf(7).lease, keysOf(7).floor)).toBe(0);
  });

  test("that deletes takes the row and the cached entry away, and leaves a tombstone with its version", async () => {
    stack.work();
    await accept(stack.client, 7, preferences(7));
    await stack.drained();
    const version = await accept(stack.client, 7, null);
    await stack.drained();
    expect(await stack.row(7)).toBeUndefined();
    expect(await entry(7)).toBeNull();
    const { rows } = await stack.pool.query("select log, id, ver from cachepact_tombstone");
    expect(rows).toEqual([{ log: "preferences", id: "7", ver: String(version) }]);
  });

  test("after a delete brings the row back and ends the tombstone", async () => {
    stack.work();
    await accept(stack.client, 7, null);
    await stack.drained();
    const version = await accept(stack.client, 7, preferences(7));
    await stack.drained();
    expect((await stack.row(7))?.ver).toBe(version);
    expect((await stack.pool.query("select 1 from cachepact_tombstone")).rowCount).toBe(0);
  });

  test("hides the earlier ones of its key that wait with it: one row write, the rest superseded", async () => {
    const first = stack.work();
    await stack.armed();
    await first.stop();
    for (let i = 0; i < 20; i++) await accept(stack.client, 7, preferences(7, `l${i}`));
    const version = await accept(stack.client, 7, preferences(7, "last"));

    const { events } = stack.work();
    await stack.drained();
    expect(await stack.row(7)).toMatchObject({ ver: version, doc: { language: "last" } });
    expect((await stack.pool.query("select ver from row_writes")).rows).toEqual([{ ver: String(version) }]);
    expect(events.filter((event) => event.type === "batch")).toMatchObject([{ applied: 1, superseded: 20 }]);
  });

  test("that is accepted while its key's batch commits stays dirty until its own batch", async () => {
    const later: Promise<number>[] = [];
    const worker = stack.work();
    worker.on((event) => {
      if (event.type === "committed" && later.length === 0)
        later.push(accept(stack.client, 7, preferences(7, "later")));
    });
    await accept(stack.client, 7, preferences(7, "first"));
    await stack.drained();
    const [version] = await Promise.all(later);
    expect(await entry(7)).toMatchObject({ version, dirty: false, value: preferences(7, "later") });
    expect((await stack.row(7))?.ver).toBe(version);
  });
});

describe("the version guard", () => {
  test("an older write never overwrites a newer row, and its cached value is dropped", async () => {
    stack.work();
    await stack.armed();
    const newer = Number.MAX_SAFE_INTEGER - 1;
    await stack.pool.query("insert into preferences values ('7', $1, 1, '{\"newer\":true}')", [newer]);
    await accept(stack.client, 7, preferences(7));
    const kept = await accept(stack.client, 8, preferences(8));
    await stack.drained();
    expect(await stack.row(7)).toEqual({ ver: newer, gen: 1, doc: { newer: true } });
    expect(await entry(7)).toBeNull();
    expect(await entry(8)).toMatchObject({ version: kept, dirty: false });
  });

  test("a write older than its key's tombstone does not bring the row back", async () => {
    stack.work();
    await stack.armed();
    await stack.pool.query("insert into cachepact_tombstone (log, id, ver) values ('preferences', '7', $1)", [2 ** 52]);
    await accept(stack.client, 7, preferences(7));
    await stack.drained();
    expect(await stack.row(7)).toBeUndefined();
    expect(await entry(7)).toBeNull();
  });

  test("a delete older than the row leaves it and writes no tombstone", async () => {
    stack.work();
    await stack.armed();
    await stack.pool.query("insert into preferences values ('7', $1, 1, '{}')", [2 ** 52]);
    await accept(stack.client, 7, null);
    await stack.drained();
    expect((await stack.row(7))?.ver).toBe(2 ** 52);
    expect((await stack.pool.query("select 1 from cachepact_tombstone")).rowCount).toBe(0);
  });
});

describe("a backlog", () => {
  test("of one partition larger than a batch and than an acknowledgement is drained in order", async () => {
    const first = stack.work();
    await stack.armed();
    await first.stop();
    const users = usersOf(3, 230);
    const versions = new Map<number, number>();
    for (const userId of [...users, ...users.slice(0, 60)]) {
      versions.set(userId, await accept(stack.client, userId, preferences(userId, `v${versions.size}`)));
    }
    stack.work({ batchEventsMax: 150 });
    await stack.drained();
    const { rows } = await stack.pool.query("select id, ver from preferences");
    expect(new Map(rows.map((row) => [Number(row.id), Number(row.ver)]))).toEqual(versions);
    for (const userId of users) expect(await entry(userId)).toMatchObject({ dirty: false });
  });

  test("of values that are too large for one batch is written in several", async () => {
    const first = stack.work();
    await stack.armed();
    await first.stop();
    for (const userId of usersOf(3, 6)) await accept(stack.client, userId, preferences(userId, "x".repeat(3_000)));
    const { events } = stack.work({ batchBytesMax: 7_000 });
    await stack.drained();
    expect(events.flatMap((event) => (event.type === "batch" ? [event.applied] : []))).toEqual([2, 2, 2]);
  });
});

test("the oldest age grows while writes wait and is 0 when none does", async () => {
  const worker = stack.work({ pollMs: 5, idlePollMs: 5 });
  await stack.armed();
  const blocker = await stack.pool.connect();
  try {
    await blocker.query("begin");
    await blocker.query("lock table preferences in exclusive mode");
    await accept(stack.client, 7, preferences(7));
    await expect.poll(() => worker.status().logs[0]?.oldestAgeMs ?? 0, { timeout: 5_000 }).toBeGreaterThan(100);
  } finally {
    await blocker.query("rollback");
    blocker.release();
  }
  await stack.drained();
  await expect.poll(() => worker.status().logs[0]?.oldestAgeMs).toBe(0);
});

test("the oldest age goes on growing while Redis is away: a backlog does not look drained because nobody can see it", async () => {
  const worker = stack.work();
  const age = (): number => worker.status().logs[0]?.oldestAgeMs ?? 0;
  await stack.armed();
  const blocker = await stack.pool.connect();
  try {
    await blocker.query("begin");
    await blocker.query("lock table preferences in exclusive mode");
    await accept(stack.client, 7, preferences(7));
    await expect.poll(age, { timeout: 5_000 }).toBeGreaterThan(0);
    const before = age();
    await stack.redis.kill();
    await until("every connection to fail", () => {
      const failures = worker.events.filter((event) => event.type === "error" && event.operation === "redis");
      return failures.length >= 8;
    });
    expect(age()).toBeGreaterThan(before);
  } finally {
    await blocker.query("rollback");
    blocker.release();
    await stack.redis.start();
  }
});
