import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BusyError, DevStackError } from "./errors.ts";
import { LOOPBACK } from "./port.ts";
import { SUPERUSER } from "./postgres-cluster.ts";
import { postgresQuery } from "./postgres-probe.ts";
import { isRunning, type ProcessIdentity } from "./process-identity.ts";
import type { ServerLog } from "./server-log.ts";

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 10;

/** What a server says of itself in its data folder. */
export interface PidFile {
  readonly pid: number;
  readonly port: number;
}

/** Reads `postmaster.pid`; null when there is none. It may be that of a server which was killed. */
export function readPidFile(data: string): PidFile | null {
  try {
    const lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
    return { pid: Number(lines[0]), port: Number(lines[3]) };
  } catch {
    return null;
  }
}

/**
 * Waits until exactly this process takes queries.
 * @throws {BusyError} the port, or the shared memory of a killed predecessor, is in use. {DevStackError} it ended, or never answered.
 */
export async function postgresReady(
  server: ProcessIdentity,
  data: string,
  port: number,
  binary: string,
  log: ServerLog,
): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (isRunning(server) && Date.now() < deadline) {
    // The pid file is written once the port is bound: without it the answer of another server would be taken for ours.
    if (readPidFile(data)?.pid === server.pid && (await takesQueries(port))) return;
    await sleep(POLL_MS);
  }
  const what = isRunning(server) ? `it did not answer within ${READY_TIMEOUT_MS} ms` : "it ended at once";
  const output = log.tail();
  const message = `Could not start Postgres (${binary}): ${what}. Check its folder against its last output:\n${output}`;
  if (/address already in use/i.test(output)) throw new BusyError(message, "port");
  if (/shared memory block|lock file "postmaster.pid"/i.test(output)) throw new BusyError(message, "data");
  throw new DevStackError(message);
}

/** True when the server at this port of loopback takes queries. */
export async function takesQueries(port: number): Promise<boolean> {
  try {
    await postgresQuery({ host: LOOPBACK, port, database: SUPERUSER }, null);
    return true;
  } catch {
    return false;
  }
}
