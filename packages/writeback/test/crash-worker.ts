import { Preferences } from "@cachepact/contracts";
import { runWorker, table, type WorkerEvent } from "../src/index.ts";

/**
 * A worker process that kills itself with SIGKILL inside its own step, the `nth` time that it reports `point`.
 *
 * `node crash-worker.ts REDIS_URL POSTGRES_URL POINT NTH`
 */
const [, , redis = "", postgres = "", point = "", nth = "1"] = process.argv;

// Ends with the test, however the test ends.
process.stdin.resume().on("close", () => process.exit());

let seen = 0;
runWorker({
  redis,
  postgres,
  sinks: [table({ entity: Preferences, table: "preferences" })],
  leaseMs: 900,
  heartbeatMs: 150,
  onEvent(event: WorkerEvent) {
    if (event.type !== point) return;
    seen += 1;
    if (seen === Number(nth)) process.kill(process.pid, "SIGKILL");
  },
});
