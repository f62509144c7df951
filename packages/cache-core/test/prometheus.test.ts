import { CachepactError, metrics } from "@cachepact/wire";
import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import type { Cache, CacheEvent, CacheListener, RedisInfo } from "../src/index.ts";
import { eventMetrics, record } from "../src/metrics/metrics.ts";
import { collectMetrics } from "../src/metrics/prometheus.ts";

const everyEvent: CacheEvent[] = [
  { type: "request", entity: "user", result: "hit" },
  { type: "command", command: "get", durationMs: 2 },
  { type: "command_error", command: "fill", reason: "oom" },
  { type: "load", entity: "user", outcome: "found", durationMs: 30 },
  { type: "fill", entity: "user", result: "stored" },
  { type: "write", entity: "user", operation: "put", outcome: "accepted" },
  { type: "decode_failure", entity: "user", code: "E_SYNTAX" },
  { type: "foreign", entity: "user" },
  { type: "quarantine", size: 3 },
];

const info: RedisInfo = {
  usedMemoryBytes: 1,
  maxMemoryBytes: 2,
  evictedKeys: 3,
  expiredKeys: 4,
  keyspaceHits: 5,
  keyspaceMisses: 6,
  evictionPolicy: "noeviction",
};

/** A cache as far as metrics see it. */
function observed(answer: () => Promise<RedisInfo>): {
  cache: Cache;
  emit: (event: CacheEvent) => void;
  listeners: Set<CacheListener>;
} {
  const listeners = new Set<CacheListener>();
  const on = (listener: CacheListener): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const cache = { on, info: answer } as unknown as Cache;
  return { cache, listeners, emit: (event) => listeners.forEach((listener) => listener(event)) };
}

describe("metrics", () => {
  test("every event has its metric, with the labels of the vocabulary and values from its closed sets", () => {
    const seen = new Set<string>();
    const check = (name: keyof typeof metrics, labels: Readonly<Record<string, string>>): void => {
      seen.add(name);
      const spec: Readonly<Record<string, readonly string[] | null>> = metrics[name].labels;
      expect(Object.keys(labels)).toEqual(Object.keys(spec));
      for (const [label, value] of Object.entries(labels)) expect(spec[label] ?? [value]).toContain(value);
    };
    const sink = { increment: check, observe: check, set: check };
    for (const event of everyEvent) record(event, sink);
    expect([...seen].toSorted()).toEqual(eventMetrics.toSorted());
  });

  test("the registry shows them under the vocabulary's names, help and buckets, in seconds", async () => {
    const register = new Registry();
    const { cache, emit } = observed(async () => info);
    collectMetrics(cache, register);
    everyEvent.forEach(emit);
    const text = await register.metrics();
    expect(text).toContain('cachepact_requests_total{entity="user",result="hit"} 1');
    expect(text).toContain('cachepact_redis_command_duration_seconds_bucket{le="0.0025",command="get"} 1');
    expect(text).toContain('cachepact_redis_command_duration_seconds_sum{command="get"} 0.002');
    expect(text).toContain('cachepact_load_duration_seconds_bucket{le="0.05",entity="user",outcome="found"} 1');
    expect(text).toContain("cachepact_quarantined_keys 3");
    expect(text).toContain(`# HELP cachepact_fills_total ${metrics.cachepact_fills_total.help}`);
    for (const name of eventMetrics) expect(text).toContain(`# TYPE ${name} ${metrics[name].type}`);
  });

  test("the server's figures are read once a scrape, and are absent while it does not answer", async () => {
    const register = new Registry();
    let asked = 0;
    let up = true;
    const { cache } = observed(async () => {
      asked += 1;
      if (!up) throw new CachepactError("E_UNAVAILABLE", "down");
      return { ...info, evictedKeys: asked * 10 };
    });
    collectMetrics(cache, register);
    const first = await register.metrics();
    expect(asked).toBe(1);
    expect(first).toContain("redis_up 1");
    expect(first).toContain("redis_evicted_keys_total 10");
    expect(first).toContain("redis_memory_max_bytes 2");
    expect(await register.metrics()).toContain("redis_evicted_keys_total 20");
    up = false;
    const down = await register.metrics();
    expect(down).toContain("redis_up 0");
    expect(down).not.toMatch(/^redis_memory_used_bytes|^redis_evicted_keys_total/m);
  });

  test("stopped, it leaves nothing behind", async () => {
    const register = new Registry();
    const { cache, listeners } = observed(async () => info);
    const stop = collectMetrics(cache, register);
    stop();
    expect(listeners.size).toBe(0);
    expect(await register.metrics()).toBe("\n");
    collectMetrics(cache, register)();
  });
});
