import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import { loadDatabaseUrl } from "./config.ts";
import { printAndExit } from "./errors.ts";

const MIGRATIONS = join(dirname(fileURLToPath(import.meta.url)), "..", "migrations");

/** The table that remembers which migrations ran. Named after the service: other services may use the same database. */
export const MIGRATIONS_TABLE = "user_api_migrations";

/**
 * Brings the tables of the user services up to date and returns the names of the migrations that ran.
 *
 * Safe to run twice and at once: a database-wide advisory lock makes the second runner wait and then find nothing to do.
 *
 * @param databaseUrl the database to change.
 * @param log receives one line a migration; default: nothing is said.
 */
export async function migrate(databaseUrl: string, log: (line: string) => void = () => {}): Promise<readonly string[]> {
  const ran = await runner({
    databaseUrl: {
      connectionString: databaseUrl,
      connectionTimeoutMillis: 5_000,
      application_name: "user-api-migrate",
    },
    dir: MIGRATIONS,
    migrationsTable: MIGRATIONS_TABLE,
    direction: "up",
    advisoryLockMode: "wait",
    log,
  });
  return ran.map((migration) => migration.name);
}

if (import.meta.main) {
  try {
    const ran = await migrate(loadDatabaseUrl(process.env));
    process.stdout.write(`migrations of user-api: ${ran.length === 0 ? "nothing to do" : ran.join(", ")}\n`);
  } catch (error) {
    printAndExit("user-api migrate", error);
  }
}
