import { Preferences } from "@cachepact/contracts";
import { type PostgresServer, startPostgres } from "@cachepact/dev-stack";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Database } from "../src/database.ts";
import { migrate, type SinkBatch, type SinkResult, table } from "../src/index.ts";
import { Ownership } from "../src/ownership.ts";
import { newPool, preferences, SCHEMA, until } from "./stack.ts";

const sink = table({ entity: Preferences, table: "preferences" });

let postgres: PostgresServer;
let pool: Pool;
let database: Database;
beforeAll(async () => {
  postgres = await startPostgres();
  pool = newPool(postgres.url);
  database = new Database(pool, 0, () => undefined);
  await migrate(pool);
  await pool.query(SCHEMA);
});
beforeEach(async () => {
  await pool.query("truncate wb_part, cachepact_tombstone, preferences, row_writes");
  await pool.query("insert into wb_part (log, p, fence) values ('preferences', 0, 5), ('preferences', 1, 5)");
});
afterAll(async () => {
  await pool.end();
  await postgres.stop();
});

function batch(top: number, upserts: [id: string, version: number][], removals: [string, number][] = []): SinkBatch {
  return {
    log: "preferences",
    partition: 0,
    fence: "5",
    top,
    leaseMs: 1_000,
    upserts: upserts.map(([id, version]) => {
      const document = Preferences.toJson(preferences(Number(id), `v${version}`));
      return { id, version, generation: 1, document };
    }),
    removals: removals.map(([id, version]) => ({ id, version })),
  };
}

/** Everything that a batch may change, in order. */
async function state(): Promise<unknown> {
  const rows = await pool.query("select id, ver, doc->>'language' as language from preferences order by id");
  const tombstones = await pool.query("select id, ver from cachepact_tombstone order by id");
  const parts = await pool.query("select p, max_ver from wb_part order by p");
  return { rows: rows.rows, tombstones: tombstones.rows, parts: parts.rows };
}

const written = (newer: string[] = []): SinkResult => ({ held: true, newer: new Set(newer) });

describe("the statement", () => {
  test("writes rows, deletes, tombstones and the watermark, and extends the lease", async () => {
    await sink.apply(database, batch(9, [["2", 9]]));
    expect(await sink.apply(database, batch(20, [["1", 12]], [["2", 20]]))).toEqual(written());
    expect(await state()).toEqual({
      rows: [{ id: "1", ver: "12", language: "v12" }],
      tombstones: [{ id: "2", ver: "20" }],
      parts: [
        { p: 0, max_ver: "20" },
        { p: 1, max_ver: "0" },
      ],
    });
    const { rows } = await pool.query("select lease_until > clock_timestamp() as leased from wb_part where p = 0");
    expect(rows).toEqual([{ leased: true }]);
  });

  test("with another fence changes nothing at all", async () => {
    await sink.apply(database, batch(10, [["1", 10]], [["2", 9]]));
    const before = await state();
    for (const fence of ["4", "6"]) {
      expect(
        await sink.apply(database, {
          ...batch(
            20,
            [
              ["1", 20],
              ["3", 19],
            ],
            [["2", 18]],
          ),
          fence,
        }),
      ).toEqual({ held: false });
    }
    expect(await sink.apply(database, { ...batch(20, [["1", 20]]), partition: 7 })).toEqual({ held: false });
    expect(await state()).toEqual(before);
  });

  test("applied again, or after a later one, changes nothing and names what is newer", async () => {
    const first = batch(
      10,
      [
        ["1", 9],
        ["2", 10],
      ],
      [["3", 8]],
    );
    const second = batch(
      20,
      [
        ["1", 19],
        ["3", 20],
      ],
      [["2", 18]],
    );
    await sink.apply(database, first);
    expect(await sink.apply(database, first)).toEqual(written());
    await sink.apply(database, second);
    const after = await state();
    const again = await sink.apply(database, first);
    expect(again).toEqual(written(["1", "2", "3"]));
    expect(await sink.apply(database, second)).toEqual(written());
    expect(await state()).toEqual(after);
    const repeated = await pool.query("select id, ver, op from row_writes group by id, ver, op having count(*) > 1");
    expect(repeated.rows).toEqual([]);
  });

  test("never lowers the watermark", async () => {
    await sink.apply(database, batch(30, [["1", 30]]));
    await sink.apply(database, batch(10, [["2", 10]]));
    expect((await pool.query("select max_ver from wb_part where p = 0")).rows).toEqual([{ max_ver: "30" }]);
  });

  test("takes versions up to 2^53 - 1 exactly", async () => {
    await sink.apply(database, batch(Number.MAX_SAFE_INTEGER, [["1", Number.MAX_SAFE_INTEGER]]));
    expect((await pool.query("select ver from preferences")).rows).toEqual([{ ver: "9007199254740991" }]);
  });

  test("refuses all of a batch when one row is refused", async () => {
    const good = batch(10, [["1", 10]]);
    const bad = { id: "2", version: 9, generation: 1, document: "no json" };
    await expect(sink.apply(database, { ...good, upserts: [...good.upserts, bad] })).rejects.toMatchObject({
      code: "22P02",
    });
    expect(await state()).toMatchObject({ rows: [], parts: [{ max_ver: "0" }, {}] });
  });

  test("of two partitions at once, each with rows that the other one waits for, does not deadlock", async () => {
    // Keys never move between partitions; even if they did, rows are locked in one order.
    const ids = Array.from({ length: 200 }, (_, i) => String(i));
    const results = await Promise.all(
      Array.from({ length: 6 }, (_, i) => {
        const rows = ids.map((id): [string, number] => [id, 100 + i]);
        return sink.apply(database, { ...batch(100 + i, i % 2 === 0 ? rows : rows.toReversed()), partition: i % 2 });
      }),
    );
    expect(results.every((result) => result.held)).toBe(true);
    expect((await pool.query("select distinct ver from preferences")).rows).toEqual([{ ver: "105" }]);
  });
});

test("a statement that begins to run behind a raised fence does nothing, though its snapshot is older", async () => {
  const late = await pool.connect();
  const later = await pool.connect();
  try {
    const [sentFirst, repeated] = [late, later].map(
      // One session each, as a pool would give.
      (session) => new Database(session as unknown as Pool, 0, () => undefined),
    ) as [Database, Database];
    await later.query("begin");
    const claim = { partition: 0, fence: "5" };
    const standing = await new Ownership(repeated, "me", 1_000).raise("preferences", claim);
    expect(standing).toMatchObject({ fence: "6" });
    // What a worker sent before its connection broke; it sees the fence of before and waits for the row.
    const ghost = sink.apply(sentFirst, batch(5, [["1", 5]]));
    await until("the late statement to wait", async () => {
      const { rows } = await pool.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'");
      return rows.length === 1;
    });
    expect(await sink.apply(repeated, { ...batch(7, [], [["1", 7]]), fence: "6" })).toEqual(written());
    await later.query("commit");
    expect(await ghost).toEqual({ held: false });
  } finally {
    late.release();
    later.release();
  }
  expect(await state()).toMatchObject({ rows: [], tombstones: [{ id: "1", ver: "7" }] });
});

test("a table in another schema, with a name that needs quotes, is a sink as well", async () => {
  await pool.query('create schema "My App"; create table "My App"."Prefs ""x""" (like preferences including all)');
  const other = table({ entity: Preferences, table: 'My App.Prefs "x"' });
  await other.check(database);
  expect(await other.apply(database, batch(10, [["1", 10]], [["2", 9]]))).toEqual(written());
  expect((await pool.query('select id, ver from "My App"."Prefs ""x"""')).rows).toEqual([{ id: "1", ver: "10" }]);
});

test("the worker's own pool bounds every statement", async () => {
  const own = new Database(postgres.url, 1, () => undefined);
  const [row] = await own.query<Record<string, string>>(
    "select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock",
  );
  expect(row).toEqual({ statement: "5s", lock: "2s" });
  await own.close();
});
