import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { collectMetrics } from "../src/metrics/prometheus.ts";
import { UserDatabase } from "./database.ts";
import { aUser, User } from "./entities.ts";
import { redisFixture } from "./redis-fixture.ts";

const redis = redisFixture({ maxmemory: "64mb" });

test("hits, misses, latencies and the server's own figures come out of one scrape", async () => {
  const cache = redis.cache();
  const register = new Registry();
  const stop = collectMetrics(cache, register);
  const users = cache.entity(User, { load: new UserDatabase(aUser(1)).load });
  for (let read = 0; read < 4; read++) await users.get({ id: 1 });
  const text = await register.metrics();
  expect(text).toContain('cachepact_requests_total{entity="user",result="miss"} 1');
  expect(text).toContain('cachepact_requests_total{entity="user",result="hit"} 3');
  expect(text).toContain('cachepact_redis_command_duration_seconds_count{command="get"} 4');
  expect(text).toContain('cachepact_redis_command_duration_seconds_count{command="fill"} 1');
  expect(text).toContain('cachepact_fills_total{entity="user",result="stored"} 1');
  expect(text).toContain("redis_up 1");
  expect(text).toContain("redis_memory_max_bytes 67108864");
  expect(Number(/redis_memory_used_bytes (\d+)/.exec(text)?.[1])).toBeGreaterThan(100_000);
  expect(Number(/redis_keyspace_hits_total (\d+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(3);
  stop();
});
