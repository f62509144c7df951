import { CachepactError } from "@cachepact/wire";
import { type Database, sqlState } from "./database.ts";
import type { Log } from "./log.ts";
import type { Ownership } from "./ownership.ts";

/**
 * Checks, before anything is claimed, what only a person can repair, and writes the partitions of a new log.
 *
 * @throws {CachepactError} `E_MIGRATION`: a table is missing or of another shape. `E_OPTION`: the database has another number
 * of partitions, or would lose committed rows in a crash. Anything else is Postgres not answering: try again.
 */
export async function preflight(database: Database, ownership: Ownership, logs: readonly Log[]): Promise<void> {
  await checkTables(database);
  await checkDurability(database);
  for (const log of logs) await log.sink.check(database);
  for (const log of logs) await ownership.register(log.name, log.sink.partitions);
}

async function checkTables(database: Database): Promise<void> {
  try {
    await database.query(
      `select part.log, part.p, part.owner, part.fence, part.lease_until, part.max_ver, part.epoch,
         worker.id, worker.seen, tombstone.ver, tombstone.at
       from wb_part part, wb_worker worker, cachepact_tombstone tombstone limit 0`,
    );
  } catch (cause) {
    if (!sqlState(cause)?.startsWith("42")) throw cause;
    throw new CachepactError(
      "E_MIGRATION",
      "starting a worker: wb_part, wb_worker or cachepact_tombstone is missing, not readable or of another shape; run migrate()",
      { cause },
    );
  }
}

async function checkDurability(database: Database): Promise<void> {
  const [row] = await database.query<{ synchronous_commit: string }>("show synchronous_commit");
  if (row?.synchronous_commit !== "off") return;
  // An event is trimmed from Redis after its commit: a commit that a crash undoes would lose it.
  const problem = "synchronous_commit is off for the worker's role: a crash of Postgres would lose acknowledged writes";
  throw new CachepactError("E_OPTION", `starting a worker: ${problem}; set it to on, or to local`, {
    problems: [problem],
  });
}
