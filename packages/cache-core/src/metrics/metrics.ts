import type { MetricName } from "@cachepact/wire";
import type { CacheEvent } from "../events.ts";

/** Labels of one series. Their values come from closed sets only: never a key, never an error's text. */
export type Labels = Readonly<Record<string, string>>;

/** Where measurements go. Names and labels are those of the wire's vocabulary, which every language shares. */
export interface MetricSink {
  increment(name: MetricName, labels: Labels): void;
  observe(name: MetricName, labels: Labels, value: number): void;
  set(name: MetricName, labels: Labels, value: number): void;
}

/** The metrics that events are turned into; the rest of the vocabulary belongs to the worker and to the server. */
export const eventMetrics: readonly MetricName[] = [
  "cachepact_requests_total",
  "cachepact_redis_command_duration_seconds",
  "cachepact_redis_command_errors_total",
  "cachepact_load_duration_seconds",
  "cachepact_fills_total",
  "cachepact_writes_total",
  "cachepact_decode_failures_total",
  "cachepact_foreign_entries_total",
  "cachepact_quarantined_keys",
];

/** Turns one event into measurements. */
export function record(event: CacheEvent, sink: MetricSink): void {
  switch (event.type) {
    case "request":
      return sink.increment("cachepact_requests_total", { entity: event.entity, result: event.result });
    case "command":
      return sink.observe(
        "cachepact_redis_command_duration_seconds",
        { command: event.command },
        event.durationMs / 1000,
      );
    case "command_error":
      return sink.increment("cachepact_redis_command_errors_total", { command: event.command, reason: event.reason });
    case "load":
      return sink.observe(
        "cachepact_load_duration_seconds",
        { entity: event.entity, outcome: event.outcome },
        event.durationMs / 1000,
      );
    case "fill":
      return sink.increment("cachepact_fills_total", { entity: event.entity, result: event.result });
    case "write":
      return sink.increment("cachepact_writes_total", {
        entity: event.entity,
        operation: event.operation,
        outcome: event.outcome,
      });
    case "decode_failure":
      return sink.increment("cachepact_decode_failures_total", { entity: event.entity, code: event.code });
    case "foreign":
      return sink.increment("cachepact_foreign_entries_total", { entity: event.entity });
    case "quarantine":
      return sink.set("cachepact_quarantined_keys", {}, event.size);
    default:
      return unhandled(event);
  }
}

/** A new event without a case is a type error here. */
function unhandled(event: never): never {
  throw new TypeError(`no metric for event ${JSON.stringify(event)}`);
}
