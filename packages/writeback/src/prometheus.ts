import { type MetricName, metrics } from "@cachepact/wire";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { WorkerEvent } from "./events.ts";
import type { Worker } from "./worker.ts";

/**
 * Registers the `cachepact_writeback_*` metrics of a worker, under the names and labels that every language shares.
 *
 * Label values are log names and the closed sets of the vocabulary. The gauges are read when the registry is scraped.
 *
 * @returns a function that stops collecting and removes the metrics from the registry.
 */
export function collectWorkerMetrics(worker: Worker, register: Registry): () => void {
  const registers = [register];
  const events = new Counter({ ...describe("cachepact_writeback_events_total"), registers });
  const lost = new Counter({ ...describe("cachepact_writeback_lost_state_total"), registers });
  const durations = new Histogram({
    ...describe("cachepact_writeback_batch_duration_seconds"),
    buckets: [...metrics.cachepact_writeback_batch_duration_seconds.buckets],
    registers,
  });
  const age = new Gauge({
    ...describe("cachepact_writeback_oldest_age_seconds"),
    registers,
    collect() {
      for (const { log, oldestAgeMs } of worker.status().logs) this.set({ log }, oldestAgeMs / 1_000);
    },
  });
  const owned = new Gauge({
    ...describe("cachepact_writeback_partitions_owned"),
    registers,
    collect() {
      for (const { log, partitionsOwned } of worker.status().logs) this.set({ log }, partitionsOwned);
    },
  });

  // A counter that appears with its first increment hides that increment from rate(): begin each at 0.
  for (const { log } of worker.status().logs) {
    for (const outcome of metrics.cachepact_writeback_events_total.labels.outcome) events.inc({ log, outcome }, 0);
    for (const kind of metrics.cachepact_writeback_lost_state_total.labels.kind) lost.inc({ log, kind }, 0);
  }

  const stop = worker.on((event: WorkerEvent) => {
    if (event.type === "batch") {
      events.inc({ log: event.log, outcome: "applied" }, event.applied);
      events.inc({ log: event.log, outcome: "superseded" }, event.superseded);
      durations.observe({ log: event.log }, event.durationMs / 1_000);
    } else if (event.type === "armed" && (event.state === "loss" || event.state === "older")) {
      lost.inc({ log: event.log, kind: event.state });
    }
  });
  return () => {
    stop();
    for (const metric of [events, lost, durations, age, owned]) register.removeSingleMetric(metricName(metric));
  };
}

function describe(name: MetricName): { name: string; help: string; labelNames: string[] } {
  const { help, labels } = metrics[name];
  return { name, help, labelNames: Object.keys(labels) };
}

function metricName(metric: object): string {
  // prom-client keeps the name on the instance and leaves it out of its types.
  return "name" in metric && typeof metric.name === "string" ? metric.name : "";
}
