import { createCache } from "@cachepact/cache-core";
import { describe, loadConfig } from "./config.ts";
import { connectDatabase } from "./database.ts";
import { printAndExit } from "./errors.ts";
import { RepeatFilter } from "./repeat-filter.ts";
import { createServer } from "./server.ts";
import { createLogger } from "./telemetry.ts";

/** A stop takes no longer than this: requests that still run are cut off then. */
const STOP_WITHIN_MS = 10_000;

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLogger(config.logLevel, config.logFormat);
  const repeats = new RepeatFilter(() => performance.now());
  const database = connectDatabase(config.databaseUrl, (error) => {
    const reason = String(error);
    // A Postgres that goes away breaks every connection of the pool.
    repeats.pass(reason, (repeated) => log.warn({ reason, repeated }, "an idle database connection broke"));
  });
  const cache = createCache({ redis: config.redisUrl, namespace: config.namespace });
  const server = await createServer({ cache, database, log });

  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    await server.close();
    await cache.close();
    await database.close();
    log.info("stopped");
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop(signal));

  const address = await server.listen({ host: config.host, port: config.port });
  log.info({ ...describe(config), address, docs: `${address}/docs` }, "listening");
  // Not awaited: the service answers from Postgres while Redis is away.
  cache.ready().catch((error: unknown) => log.warn({ reason: String(error) }, "Redis is not ready"));
}

main().catch((error: unknown) => printAndExit("user-api", error));
