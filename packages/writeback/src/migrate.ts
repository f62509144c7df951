import { readdirSync, readFileSync } from "node:fs";
import type { Pool, PoolClient } from "pg";

const folder = new URL("../sql/migrations/", import.meta.url);

/** One step of the worker's own schema. Never edited once released: a later one changes what it made. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** The steps in the order in which they are applied, for those who run them with a tool of their own. */
export const migrations: readonly Migration[] = readdirSync(folder)
  .filter((file) => file.endsWith(".sql"))
  .toSorted()
  .map((file) => ({ name: file.slice(0, -".sql".length), sql: readFileSync(new URL(file, folder), "utf8") }));

// One number for all that run this at once; "cachepact" read in base 36.
const MIGRATION_LOCK = "34664134537901";

/**
 * Brings the worker's tables (`wb_part`, `wb_worker`, `cachepact_tombstone`, `wb_dead`) up to date; a second run, and one
 * at the same time, does nothing. The sinks' own tables belong to the application's migrations.
 *
 * @returns the names of the steps that were applied now.
 */
export async function migrate(pool: Pool): Promise<string[]> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    const applied = await applyMissing(client);
    await client.query("commit");
    client.release();
    return applied;
  } catch (error) {
    // Closing the connection rolls back, also when it is the connection that failed.
    client.release(true);
    throw error;
  }
}

async function applyMissing(client: PoolClient): Promise<string[]> {
  // Held until the transaction ends: `create table if not exists` alone fails when two processes run it at once.
  await client.query("select pg_advisory_xact_lock($1::bigint)", [MIGRATION_LOCK]);
  await client.query(
    "create table if not exists cachepact_migration (name text primary key, at timestamptz not null default now())",
  );
  const { rows } = await client.query<{ name: string }>("select name from cachepact_migration");
  const done = new Set(rows.map((row) => row.name));
  const missing = migrations.filter((migration) => !done.has(migration.name));
  for (const { name, sql } of missing) {
    await client.query(sql);
    await client.query("insert into cachepact_migration (name) values ($1)", [name]);
  }
  return missing.map((migration) => migration.name);
}
