import { type PostgresServer, startPostgres } from "@cachepact/dev-stack";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { migrate, migrations } from "../src/index.ts";
import { newPool } from "./stack.ts";

let postgres: PostgresServer;
let pool: Pool;
beforeAll(async () => {
  postgres = await startPostgres();
  pool = newPool(postgres.url);
});
beforeEach(async () => {
  await pool.query("drop schema public cascade; create schema public");
});
afterAll(async () => {
  await pool.end();
  await postgres.stop();
});

describe("the migrations", () => {
  test("make the worker's tables, and a second run does nothing", async () => {
    const names = migrations.map((migration) => migration.name);
    expect(names).toEqual(names.toSorted());
    expect(await migrate(pool)).toEqual(names);
    expect(await migrate(pool)).toEqual([]);
    const { rows } = await pool.query("select tablename from pg_tables where schemaname = 'public' order by 1");
    expect(rows.map((row) => row.tablename)).toEqual([
      "cachepact_migration",
      "cachepact_tombstone",
      "wb_dead",
      "wb_part",
      "wb_worker",
    ]);
  });

  test("run by several at once are applied once", async () => {
    const pools = Array.from({ length: 6 }, () => newPool(postgres.url));
    const applied = await Promise.all(pools.map((each) => migrate(each)));
    await Promise.all(pools.map((each) => each.end()));
    expect(applied.flat().toSorted()).toEqual(migrations.map((migration) => migration.name));
  });

  test("are all or nothing", async () => {
    await pool.query("create table wb_dead (unrelated integer)");
    await expect(migrate(pool)).rejects.toThrow("wb_dead");
    expect((await pool.query("select 1 from pg_tables where tablename = 'wb_part'")).rowCount).toBe(0);
  });
});
