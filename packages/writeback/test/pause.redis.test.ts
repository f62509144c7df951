import { Preferences } from "@cachepact/contracts";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { hashKey } from "../src/batch.ts";
import type { WorkerEvent } from "../src/index.ts";
import { accept, acceptItem, item } from "./accept.ts";
import { preferences, Stack, until, usersOf } from "./stack.ts";

const [first = 0, second = 0, third = 0] = usersOf(3, 3);
const [elsewhere = 0] = usersOf(4, 1);

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterEach(async () => {
  await stack.stopWorkers();
  await stack.reset();
});
afterAll(() => stack.close());

function paused(events: readonly WorkerEvent[]): WorkerEvent | undefined {
  return events.find((event) => event.type === "paused");
}

/** A payload that no reader of this schema can take: it ends in the middle of a field. */
function garbled(userId: number): ReturnType<typeof item> {
  const whole = item(userId, preferences(userId, "garbled"));
  return { ...whole, payload: whole.payload.subarray(0, whole.payload.length - 3) };
}

describe("an event that cannot be decoded", () => {
  test("stops its partition behind what came before it, and is neither dropped nor acknowledged", async () => {
    const worker = stack.work();
    await accept(stack.client, first, preferences(first));
    const bad = await acceptItem(stack.client, garbled(second));
    await accept(stack.client, third, preferences(third));
    await until("the partition to pause", () => paused(worker.events) !== undefined);

    expect(paused(worker.events)).toMatchObject({ reason: "undecodable", partition: 3, key: hashKey(String(second)) });
    await until("what came before to be written", async () => (await stack.row(first)) !== undefined);
    expect(await stack.row(second)).toBeUndefined();
    expect(await stack.row(third)).toBeUndefined();
    expect(await stack.backlog()).toBe(2);
    expect(await stack.marks()).toBe(2);
    const wb = `{preferences.p03}@wb`;
    expect(await stack.client.xrange(wb, "-", "+", "COUNT", 1)).toMatchObject([[`${bad}-0`, expect.anything()]]);
    expect(worker.status().logs).toMatchObject([{ partitionsPaused: 1, partitionsOwned: 16 }]);
  });

  test("does not stop the other partitions", async () => {
    const worker = stack.work();
    await acceptItem(stack.client, garbled(first));
    await until("the partition to pause", () => paused(worker.events) !== undefined);
    await accept(stack.client, elsewhere, preferences(elsewhere));
    await until("the other partition to be written", async () => (await stack.row(elsewhere)) !== undefined);
  });

  test("is hidden by a later one of its key in the same batch", async () => {
    const before = stack.work();
    await stack.armed();
    await before.stop();
    await acceptItem(stack.client, garbled(first));
    const version = await accept(stack.client, first, preferences(first));
    const worker = stack.work();
    await stack.drained();
    expect((await stack.row(first))?.ver).toBe(version);
    expect(paused(worker.events)).toBeUndefined();
  });

  test("whose payload belongs to another key is such a one", async () => {
    const worker = stack.work();
    const { head, payload } = item(second, preferences(second));
    await acceptItem(stack.client, { userId: first, head, payload });
    await until("the partition to pause", () => paused(worker.events) !== undefined);
    expect(paused(worker.events)).toMatchObject({ error: { code: "E_BINDING" } });
    expect(await stack.row(first)).toBeUndefined();
    expect(await stack.row(second)).toBeUndefined();
  });
});

describe("a row that Postgres refuses", () => {
  test("stops its partition with the constraint's name and without the value; it goes on when the table takes the row", async () => {
    await stack.pool.query(
      "alter table preferences add constraint known_language check (doc->>'language' <> 'secret-xx')",
    );
    const worker = stack.work();
    await accept(stack.client, first, preferences(first, "secret-xx"));
    await until("the partition to pause", () => paused(worker.events) !== undefined);
    const pause = paused(worker.events);
    expect(pause).toMatchObject({ reason: "refused", partition: 3 });
    const message = pause?.type === "paused" ? pause.error.message : "";
    expect(message).toContain("known_language");
    expect(message).toContain("23514");
    expect(message).not.toContain("secret-xx");
    expect(await stack.backlog()).toBe(1);
    expect(await stack.marks()).toBe(1);

    await stack.pool.query("alter table preferences drop constraint known_language");
    await stack.drained();
    expect((await stack.row(first))?.doc).toMatchObject({ language: "secret-xx" });
    expect(worker.events.some((event) => event.type === "resumed")).toBe(true);
  });

  test("for a character that jsonb cannot hold is such a one", async () => {
    const worker = stack.work();
    await accept(stack.client, first, preferences(first, "nul \0"));
    await until("the partition to pause", () => paused(worker.events) !== undefined);
    expect(paused(worker.events)).toMatchObject({ reason: "refused" });
    expect(await stack.backlog()).toBe(1);
  });
});

test("a table that is gone stops its partitions until it is back", async () => {
  const worker = stack.work();
  await stack.armed();
  await stack.pool.query("alter table preferences rename to elsewhere");
  await accept(stack.client, first, preferences(first));
  await until("the partition to pause", () => paused(worker.events) !== undefined);
  expect(paused(worker.events)).toMatchObject({ reason: "database" });
  await stack.pool.query("alter table elsewhere rename to preferences");
  await stack.drained();
  expect(await stack.row(first)).toBeDefined();
});

test("events of an unknown generation are left to a worker that knows them, behind what came before", async () => {
  const worker = stack.work();
  await accept(stack.client, first, preferences(first));
  const unknown = item(second, preferences(second));
  await acceptItem(stack.client, unknown, Preferences.record.generation + 1);
  await until("the generation to be reported", () =>
    worker.events.some((event) => event.type === "unknown_generation"),
  );
  expect(worker.events.find((event) => event.type === "unknown_generation")).toMatchObject({
    partition: 3,
    generation: 2,
  });
  await until("the partition to be free", async () => {
    const { rows } = await stack.pool.query("select owner from wb_part where p = 3");
    return rows[0]?.owner === null;
  });
  expect(await stack.row(first)).toBeDefined();
  expect(await stack.row(second)).toBeUndefined();
  expect(await stack.backlog()).toBe(1);
  expect(paused(worker.events)).toBeUndefined();
  // No worker owns the partition now: the age must not say that nothing waits.
  expect(worker.status().logs[0]?.oldestAgeMs).toBeGreaterThan(0);
});
