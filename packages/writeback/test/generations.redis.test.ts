import { createCache, loaded } from "@cachepact/cache-core";
import { Preferences, type PreferencesKey } from "@cachepact/contracts";
import { defineEntity, type Entity, type EntityRecord, isCachepactError } from "@cachepact/wire";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { table } from "../src/index.ts";
import { preferences, Stack, until, usersOf } from "./stack.ts";

/** `Preferences` as another release of its contract has it. */
function release(changes: Partial<EntityRecord>): Entity<PreferencesKey, Preferences> {
  return defineEntity<PreferencesKey, Preferences>({ ...Preferences.record, ...changes });
}

const Next = release({ generation: 2, previous_generation: 1, fingerprint: "00000002" });
const Announcing = release({ next_generation: 2 });

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterEach(async () => {
  await stack.stopWorkers();
  await stack.reset();
});
afterAll(() => stack.close());

test("a worker that knows two generations writes the events of both in their order, each with its generation", async () => {
  stack.work({ sinks: [table({ entity: Next, otherGenerations: [Preferences], table: "preferences" })] });
  await stack.armed();
  const cache = createCache({ redis: stack.redis.url, readTimeoutMs: 5_000, scriptTimeoutMs: 2_000, leaseMs: 7_000 });
  try {
    const load = async ({ userId }: PreferencesKey) => {
      const row = await stack.row(userId);
      return row === undefined ? null : loaded(Preferences.fromJson(JSON.stringify(row.doc)), { version: row.ver });
    };
    const old = cache.entity(Announcing, { load });
    const next = cache.entity(Next, { load });
    const [user] = usersOf(3, 1) as [number];
    for (const [n, entity] of [old, next, old, next].entries()) {
      const language = `v${n}`;
      const { version } = await entity.put({ userId: user }, preferences(user, language));
      // Whoever reads, under whichever generation, sees it: nothing of the other generation is left in the way.
      expect(await old.getEntry({ userId: user })).toMatchObject({ version, value: { language }, maybeStale: false });
      expect(await next.getEntry({ userId: user })).toMatchObject({ version, value: { language }, maybeStale: false });
      await stack.drained();
      expect(await stack.row(user)).toMatchObject({ ver: version, gen: n % 2 === 0 ? 1 : 2, doc: { language } });
    }
  } finally {
    await cache.close();
  }
});

test("a worker of the old release beside it leaves what it does not know to it", async () => {
  const old = stack.work({ sinks: [table({ entity: Preferences, table: "preferences" })] });
  await stack.armed();
  const cache = createCache({ redis: stack.redis.url, scriptTimeoutMs: 2_000, leaseMs: 7_000 });
  try {
    const next = cache.entity(Next, { load: () => Promise.resolve(null) });
    const users = Array.from({ length: 40 }, (_, n) => n + 1);
    await Promise.all(users.map((userId) => next.put({ userId }, preferences(userId))));
    await until("the old worker to meet the new generation", () =>
      old.events.some((event) => event.type === "unknown_generation"),
    );
    expect((await stack.pool.query("select 1 from preferences")).rowCount, "nothing is written or dropped").toBe(0);
    stack.work({ sinks: [table({ entity: Next, otherGenerations: [Preferences], table: "preferences" })] });
    await stack.drained();
    const { rows } = await stack.pool.query("select gen, count(*)::integer from preferences group by gen");
    expect(rows).toEqual([{ gen: 2, count: users.length }]);
  } finally {
    await cache.close();
  }
});

test("a worker that does not know a new field leaves every value that has it to one that does", async () => {
  const { schema } = Preferences.record;
  const fields = schema.fields.filter(({ name }) => name !== "language");
  const Older = release({ schema: { ...schema, fields }, fingerprint: "00000003" });
  const old = stack.work({ sinks: [table({ entity: Older, table: "preferences" })] });
  await stack.armed();
  const cache = createCache({ redis: stack.redis.url, scriptTimeoutMs: 2_000, leaseMs: 7_000 });
  try {
    const next = cache.entity(Preferences, { load: () => Promise.resolve(null) });
    const users = Array.from({ length: 40 }, (_, n) => n + 1);
    await Promise.all(users.map((userId) => next.put({ userId }, preferences(userId, "de"))));
    await until("the old worker to meet the new field", () => old.events.some(({ type }) => type === "unknown_fields"));
    expect((await stack.pool.query("select 1 from preferences")).rowCount, "nothing is written without it").toBe(0);
    stack.work({ sinks: [table({ entity: Preferences, table: "preferences" })] });
    await stack.drained();
    const { rows } = await stack.pool.query(
      "select doc->>'language' as language, count(*)::integer from preferences group by 1",
    );
    expect(rows).toEqual([{ language: "de", count: users.length }]);
  } finally {
    await cache.close();
  }
});

test("refuses a contract that is no other generation of the log", () => {
  for (const [what, contract] of [
    ["the same generation twice", Preferences],
    ["another log", release({ generation: 2, log: "other" })],
    ["another number of partitions", release({ generation: 2, partitions: 8 })],
    ["another entity", release({ generation: 2, entity: "taste" })],
  ] as const) {
    const make = (): unknown => table({ entity: Preferences, otherGenerations: [contract], table: "preferences" });
    expect(make, what).toThrow(expect.toSatisfy((error) => isCachepactError(error, "E_OPTION")));
  }
});
