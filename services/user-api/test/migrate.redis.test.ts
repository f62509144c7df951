import { type PostgresServer, startPostgres } from "@cachepact/dev-stack";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../src/migrate.ts";
import { SEED_USERS, seed, seedUser } from "../src/seed.ts";

let postgres: PostgresServer;
let pool: pg.Pool;
beforeAll(async () => {
  postgres = await startPostgres();
  pool = new pg.Pool({ connectionString: postgres.url, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await postgres.stop();
});

test("migrations run once, also when several processes start them at once", async () => {
  const ran = await Promise.all([migrate(postgres.url), migrate(postgres.url), migrate(postgres.url)]);
  expect(ran.flat()).toEqual(["0001_users", "0002_preferences"]);
  expect(await migrate(postgres.url)).toEqual([]);
});

test("the seed fills the table once, keeps what is there, and new users come after it", async () => {
  expect(await Promise.all([seed(postgres.url), seed(postgres.url)]).then(([a, b]) => a + b)).toBe(SEED_USERS);
  expect(await seed(postgres.url)).toBe(0);
  const wanted = seedUser(97);
  const { rows } = await pool.query(
    "select email, name, bio, roles, labels, balance_cents, version from users where id = 97",
  );
  expect(rows).toEqual([
    {
      email: wanted.email,
      name: wanted.name,
      bio: wanted.bio,
      roles: wanted.roles,
      labels: wanted.labels,
      balance_cents: "9007199254741090",
      version: "1",
    },
  ]);

  await pool.query("update users set name = 'changed' where id = 1");
  await pool.query("delete from users where id = 2");
  expect(await seed(postgres.url)).toBe(1);
  expect((await pool.query("select name from users where id = 1")).rows).toEqual([{ name: "changed" }]);
  const added = await pool.query<{ id: string }>("insert into users (email, name) values ('', '') returning id");
  expect(Number(added.rows[0]?.id)).toBe(SEED_USERS + 1);
  await pool.query("delete from users where id = 2");
  await seed(postgres.url);
  const next = await pool.query<{ id: string }>("insert into users (email, name) values ('', '') returning id");
  expect(Number(next.rows[0]?.id)).toBe(SEED_USERS + 2);
});

test("times are kept to the millisecond, as the contract has them", async () => {
  await pool.query(
    "insert into users (id, email, name, created_at) values (-5, '', '', '2024-01-01T00:00:00.123456Z'), (-6, '', '', default)",
  );
  const { rows } = await pool.query<{ exact: boolean }>(
    "select date_trunc('milliseconds', created_at) = created_at as exact from users where id < 0",
  );
  expect(rows).toEqual([{ exact: true }, { exact: true }]);
});
