import { migrate } from "@cachepact/writeback";
import { Pool } from "pg";
import { loadDatabaseUrl, printAndExit } from "./config.ts";

const CONNECT_TIMEOUT_MS = 5_000;

async function main(): Promise<void> {
  const pool = new Pool({
    connectionString: loadDatabaseUrl(process.env),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "writeback-worker-migrate",
  });
  try {
    const applied = await migrate(pool);
    process.stdout.write(
      `migrations of writeback-worker: ${applied.length === 0 ? "nothing to do" : applied.join(", ")}\n`,
    );
  } finally {
    await pool.end();
  }
}

main().catch((error: unknown) => printAndExit("writeback-worker migrate", error));
