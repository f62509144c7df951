import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { Config } from "./config.ts";

/** JSON lines for machines; coloured text for people, by default when a terminal watches. URLs with passwords are never given to it. */
export function createLogger(level: Config["logLevel"], format: Config["logFormat"] = "auto"): Logger {
  const options = { level, base: { service: "writeback-worker" }, timestamp: pino.stdTimeFunctions.isoTime };
  return format === "pretty" || (format === "auto" && process.stdout.isTTY)
    ? pino(
        options,
        pretty({
          ignore: "pid,hostname,service",
          translateTime: "HH:MM:ss.l",
          singleLine: true,
          errorLikeObjectKeys: ["err"], // `error` is a text: it stays in the line
          sync: true, // the last lines are written although the process ends
        }),
      )
    : pino(options);
}
