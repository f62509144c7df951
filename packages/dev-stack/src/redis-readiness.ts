import { setTimeout as sleep } from "node:timers/promises";
import { BusyError, DevStackError } from "./errors.ts";
import { isRunning, type ProcessIdentity } from "./process-identity.ts";
import { identifyRedis, type RedisAddress, type RedisIdentity } from "./redis-probe.ts";
import type { ServerLog } from "./server-log.ts";

const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 5;

/**
 * Waits until exactly this process answers at the address with its data loaded.
 * @throws {BusyError} another server has the port. {DevStackError} it ended, or never answered.
 */
export async function redisReady(
  server: ProcessIdentity,
  address: RedisAddress,
  binary: string,
  log: ServerLog,
): Promise<RedisIdentity> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (isRunning(server) && Date.now() < deadline) {
    const identity = await identifyRedis(address);
    // Another pid is another server on the same port: ours is about to end.
    if (identity?.ready && identity.pid === server.pid) return identity;
    await sleep(POLL_MS);
  }
  const what = isRunning(server) ? `it did not answer within ${READY_TIMEOUT_MS} ms` : "it ended at once";
  const output = log.tail();
  if (/address already in use/i.test(output)) {
    throw new BusyError(
      `Could not start Redis: port ${address.port} of ${address.host} is in use. Choose another or none.`,
      "port",
    );
  }
  throw new DevStackError(
    `Could not start Redis (${binary}): ${what}. Check its settings and its folder against its last output:\n${output}`,
  );
}
