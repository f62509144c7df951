import type { Cache } from "@cachepact/cache-core";
import { collectMetrics } from "@cachepact/cache-core/prometheus";
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import { collectDefaultMetrics, Registry } from "prom-client";
import type { Config } from "./config.ts";

/** JSON lines for machines; coloured text for people, by default when a terminal watches. Bodies and URLs with passwords are never given to it. */
export function createLogger(level: Config["logLevel"], format: Config["logFormat"] = "auto"): Logger {
  const options = { level, base: { service: "user-api" }, timestamp: pino.stdTimeFunctions.isoTime };
  return format === "pretty" || (format === "auto" && process.stdout.isTTY)
    ? pino(
        options,
        pretty({ ignore: "pid,hostname,service,reqId", translateTime: "HH:MM:ss.l", singleLine: true, sync: true }),
      )
    : pino(options);
}

/** The metrics of the process and of the cache, under the names that every language shares. */
export function createMetrics(cache: Cache): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  collectMetrics(cache, register);
  return register;
}
