import { type MetricName, type MetricSpec, metrics } from "@cachepact/wire";
import { Counter, Gauge, Histogram, type Metric, type Registry } from "prom-client";
import type { Cache } from "../cache.ts";
import type { RedisInfo } from "../store/server-info.ts";
import { eventMetrics, type MetricSink, record } from "./metrics.ts";

/** Figures of the server, read by INFO when the registry is scraped. */
const serverFigures = {
  redis_memory_used_bytes: (info: RedisInfo) => info.usedMemoryBytes,
  redis_memory_max_bytes: (info: RedisInfo) => info.maxMemoryBytes,
  redis_evicted_keys_total: (info: RedisInfo) => info.evictedKeys,
  redis_expired_keys_total: (info: RedisInfo) => info.expiredKeys,
  redis_keyspace_hits_total: (info: RedisInfo) => info.keyspaceHits,
  redis_keyspace_misses_total: (info: RedisInfo) => info.keyspaceMisses,
} satisfies Partial<Record<MetricName, (info: RedisInfo) => number>>;

/**
 * Registers the metrics of `cache` with a prom-client registry and keeps them up to date; the returned function stops
 * that and removes them.
 *
 * Names, labels, help and buckets are those of the wire's vocabulary. Besides the cache's own events, each scrape reads
 * INFO once for the `redis_*` figures; while Redis does not answer, `redis_up` is 0 and the others are absent.
 *
 * One cache per registry.
 */
export function collectMetrics(cache: Cache, register: Registry): () => void {
  const sink = new PrometheusSink();
  const scrape = shared(() => cache.info());
  const collected: readonly Metric[] = [
    ...eventMetrics.map((name) => sink.add(name)),
    serverUp(scrape),
    ...Object.entries(serverFigures).map(([name, figure]) => serverMetric(name as MetricName, figure, scrape)),
  ];
  for (const metric of collected) register.registerMetric(metric);
  const unsubscribe = cache.on((event) => record(event, sink));
  return () => {
    unsubscribe();
    for (const name of [...eventMetrics, "redis_up", ...Object.keys(serverFigures)]) register.removeSingleMetric(name);
  };
}

class PrometheusSink implements MetricSink {
  readonly #counters = new Map<MetricName, Counter>();
  readonly #histograms = new Map<MetricName, Histogram>();
  readonly #gauges = new Map<MetricName, Gauge>();

  add(name: MetricName): Metric {
    const { type, buckets }: MetricSpec = metrics[name];
    const options = described(name);
    if (type === "counter") return remember(this.#counters, name, new Counter(options));
    if (type === "gauge") return remember(this.#gauges, name, new Gauge(options));
    return remember(this.#histograms, name, new Histogram({ ...options, buckets: [...(buckets ?? [])] }));
  }

  increment(name: MetricName, labels: Readonly<Record<string, string>>): void {
    this.#counters.get(name)?.inc(labels);
  }

  observe(name: MetricName, labels: Readonly<Record<string, string>>, value: number): void {
    this.#histograms.get(name)?.observe(labels, value);
  }

  set(name: MetricName, labels: Readonly<Record<string, string>>, value: number): void {
    this.#gauges.get(name)?.set(labels, value);
  }
}

function remember<T extends Metric>(known: Map<MetricName, T>, name: MetricName, metric: T): T {
  known.set(name, metric);
  return metric;
}

interface Described {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  /** None: the caller registers, so that nothing lands in the library's global registry. */
  readonly registers: [];
}

function described(name: MetricName): Described {
  const { help, labels }: MetricSpec = metrics[name];
  return { name, help, labelNames: Object.keys(labels), registers: [] };
}

function serverUp(scrape: () => Promise<RedisInfo>): Metric {
  return new Gauge({
    ...described("redis_up"),
    async collect() {
      const info = await scrape().catch(() => null);
      this.set(info === null ? 0 : 1);
    },
  });
}

function serverMetric(name: MetricName, figure: (info: RedisInfo) => number, scrape: () => Promise<RedisInfo>): Metric {
  const options = described(name);
  if (metrics[name].type === "gauge") {
    return new Gauge({
      ...options,
      async collect() {
        const info = await scrape().catch(() => null);
        if (info === null) this.remove();
        else this.set(figure(info));
      },
    });
  }
  return new Counter({
    ...options,
    async collect() {
      const info = await scrape().catch(() => null);
      // The server counts, this process only repeats its count: it falls back to 0 when the server restarts.
      this.reset();
      if (info === null) this.remove();
      else this.inc(figure(info));
    },
  });
}

/** One call for all that ask while it is under way: a scrape collects every metric at once. */
function shared<T>(call: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  return () => {
    running ??= call().finally(() => {
      running = null;
    });
    return running;
  };
}
