import { systemClock } from "@cachepact/cache-core";
import { runWorker } from "@cachepact/writeback";
import { describe, loadConfig, printAndExit } from "./config.ts";
import { EventLog } from "./event-log.ts";
import { createHealthServer } from "./health.ts";
import { createLogger } from "./logger.ts";
import { sinks } from "./sinks.ts";

/** Above the worker's own limit of 10 s: what hangs then is cut off. Nothing is lost by it. */
const STOP_WITHIN_MS = 12_000;
/** A second signal within this time is the first one once more: a terminal and a task runner both pass on a Ctrl-C. */
const SAME_SIGNAL_MS = 500;

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLogger(config.logLevel, config.logFormat);
  const events = new EventLog(log, systemClock);
  process.on("exit", () => events.flush());
  const worker = runWorker({
    redis: config.redisUrl,
    namespace: config.namespace,
    postgres: config.databaseUrl,
    sinks,
    onEvent: events.listen,
  });
  // Awaited below; until then a start that fails must not be taken for an error that nobody handles.
  worker.done.catch(() => undefined);
  const health = createHealthServer(worker, log);

  let stoppingSinceMs: number | null = null;
  const stop = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now();
    if (stoppingSinceMs !== null) {
      // Asked twice: the sender does not want to wait for the batches in flight. Redis keeps them for the next worker.
      if (nowMs - stoppingSinceMs > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    stoppingSinceMs = nowMs;
    log.info({ signal }, "stopping");
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    void worker.stop();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop(signal));

  const address = await health.listen({ host: config.host, port: config.port });
  log.info({ ...describe(config), address, worker: worker.id }, "draining");
  try {
    await worker.done;
  } finally {
    await health.close();
    events.flush();
  }
  log.info("stopped");
}

main().catch((error: unknown) => printAndExit("writeback-worker", error));
