import { metrics } from "@cachepact/wire";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { Worker, WorkerListener } from "../src/index.ts";
import { collectWorkerMetrics } from "../src/prometheus.ts";

const logs = [{ log: "preferences", partitionsOwned: 16, partitionsPaused: 1, oldestAgeMs: 2_500 }];

/** A worker that says what the test wants. */
function saying(): { worker: Worker; listeners: Set<WorkerListener> } {
  const listeners = new Set<WorkerListener>();
  const worker: Worker = {
    id: "w",
    done: Promise.resolve(),
    stop: async () => undefined,
    on(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    status: () => ({ redis: true, postgres: true, logs }),
  };
  return { worker, listeners };
}

test("the metrics are those of the vocabulary, with names, labels, help and buckets", async () => {
  const register = new Registry();
  collectWorkerMetrics(saying().worker, register);
  const found = await register.getMetricsAsJSON();
  const expected = Object.keys(metrics).filter((name) => name.startsWith("cachepact_writeback_"));
  expect(found.map(({ name }) => name).toSorted()).toEqual(expected.toSorted());
  for (const { name, help, type } of found) {
    const spec = metrics[name as keyof typeof metrics];
    expect({ help, type: String(type) }).toEqual({ help: spec.help, type: spec.type });
  }
});

test("batches, losses, ages and partitions are counted", async () => {
  const register = new Registry();
  const { worker, listeners } = saying();
  const stop = collectWorkerMetrics(worker, register);
  const place = { log: "preferences", partition: 3 };
  for (const listener of listeners) {
    listener({ type: "batch", ...place, applied: 3, superseded: 2, durationMs: 7 });
    listener({ type: "armed", ...place, state: "loss", epoch: 2, dirty: 0 });
    listener({ type: "armed", ...place, state: "restarted", epoch: 2, dirty: 0 });
    listener({ type: "armed", ...place, state: "new", epoch: 1, dirty: 0 });
  }
  const text = await register.metrics();
  expect(text).toContain('cachepact_writeback_events_total{log="preferences",outcome="applied"} 3');
  expect(text).toContain('cachepact_writeback_events_total{log="preferences",outcome="superseded"} 2');
  expect(text).toContain('cachepact_writeback_lost_state_total{log="preferences",kind="loss"} 1');
  expect(text).toContain('cachepact_writeback_lost_state_total{log="preferences",kind="older"} 0');
  expect(text).toContain('cachepact_writeback_batch_duration_seconds_bucket{le="0.01",log="preferences"} 1');
  expect(text).toContain('cachepact_writeback_batch_duration_seconds_bucket{le="0.005",log="preferences"} 0');
  expect(text).toContain('cachepact_writeback_oldest_age_seconds{log="preferences"} 2.5');
  expect(text).toContain('cachepact_writeback_partitions_owned{log="preferences"} 16');

  stop();
  expect(listeners.size).toBe(0);
  expect(await register.getMetricsAsJSON()).toEqual([]);
});
