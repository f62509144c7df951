import { expect, test } from "vitest";
import * as root from "../src/index.ts";
import * as prometheus from "../src/metrics/prometheus.ts";
import * as testing from "../src/testing/index.ts";

test("the public surface is this and nothing else", () => {
  expect(Object.keys(root).toSorted()).toEqual([
    "CachepactError",
    "DEFAULT_ACCEPT_WAIT_MS",
    "DEFAULT_CLOSE_TIMEOUT_MS",
    "DEFAULT_CONNECT_TIMEOUT_MS",
    "DEFAULT_DELIVER_TIMEOUT_MS",
    "DEFAULT_FLOOR_MS",
    "DEFAULT_LEASE_MS",
    "DEFAULT_LOAD_TIMEOUT_MS",
    "DEFAULT_MARKER_MS",
    "DEFAULT_QUARANTINE_MAX_KEYS",
    "DEFAULT_READ_TIMEOUT_MS",
    "DEFAULT_SCRIPT_TIMEOUT_MS",
    "createCache",
    "isCachepactError",
    "loaded",
    "systemClock",
    "systemRandom",
  ]);
  expect(Object.keys(prometheus)).toEqual(["collectMetrics"]);
  expect(Object.keys(testing).toSorted()).toEqual(["FakeClock", "SeededRandom"]);
});

test("a cache and an entity have these members and no others", () => {
  const cache = root.createCache({ redis: "redis://localhost:1" });
  expect(Object.getOwnPropertyNames(Object.getPrototypeOf(cache)).toSorted()).toEqual([
    "close",
    "constructor",
    "entity",
    "info",
    "on",
    "ready",
  ]);
});
