import type { WorkerEvent } from "@cachepact/writeback";
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { Config } from "./config.ts";

/** A failure that repeats is written once in this time, with how often it happened. */
export const REPEAT_MS = 5_000;

/** JSON lines for machines; coloured text for people, by default when a terminal watches. URLs with passwords are never given to it. */
export function createLogger(level: Config["logLevel"], format: Config["logFormat"] = "auto"): Logger {
  const options = { level, base: { service: "writeback-worker" }, timestamp: pino.stdTimeFunctions.isoTime };
  return format === "pretty" || (format === "auto" && process.stdout.isTTY)
    ? pino(options, pretty({ ignore: "pid,hostname,service", translateTime: "HH:MM:ss.l" }))
    : pino(options);
}

/**
 * Writes what a person should know of the worker's events. A retried failure shows its message only: what a database adds
 * to an error can hold the value of a row.
 *
 * @param nowMs a clock that never goes back.
 */
export function logEvents(log: Logger, nowMs: () => number): (event: WorkerEvent) => void {
  const repeated = new Map<string, { untilMs: number; suppressed: number }>();
  return (event) => {
    switch (event.type) {
      case "claimed":
      case "released":
      case "fenced":
      case "resumed":
      case "marks_cleared":
        log.info(event, `partition ${event.type.replace("_", " ")}`);
        return;
      case "armed":
        if (event.state === "loss" || event.state === "older") {
          log.error(event, "Redis came back without all accepted writes: what was not written yet may be lost");
        } else {
          log.debug(event, "partition armed");
        }
        return;
      case "paused": {
        const { error, ...rest } = event;
        log.error(
          { ...rest, error: error.message },
          "partition stands still: its events are kept until the cause is repaired",
        );
        return;
      }
      case "unknown_generation":
        log.error(event, "events of a generation that this release does not know: deploy the worker first");
        return;
      case "error": {
        const { error, ...rest } = event;
        const kind = `${event.operation} ${error.message}`;
        const last = repeated.get(kind);
        if (last !== undefined && nowMs() < last.untilMs) {
          last.suppressed += 1;
          return;
        }
        repeated.set(kind, { untilMs: nowMs() + REPEAT_MS, suppressed: 0 });
        log.warn(
          { ...rest, error: error.message, repeated: last?.suppressed ?? 0 },
          "a step failed and is tried again",
        );
        return;
      }
      case "batch":
        log.debug(event, "batch written");
        return;
      case "read":
      case "committed":
    }
  };
}
