import { expect, test } from "vitest";
import { announcement } from "../src/announce.ts";

test.each([
  ["@cachepact/dev-stack:up: redis     running  redis://127.0.0.1:6390", "redis     running  redis://127.0.0.1:6390"],
  ["\u001b[35m@cachepact/user-api:seed: \u001b[0mseed of user-api: 0 users", "seed of user-api: 0 users"],
  [
    '@cachepact/user-api:dev: {"level":40,"service":"user-api","reason":"Error: WRONGPASS","msg":"Redis is not ready"}',
    "user-api: Redis is not ready (Error: WRONGPASS)",
  ],
  [
    '@cachepact/user-api-py:dev: {"error": "E_UNAVAILABLE: no", "level": "warning", "msg": "Redis is not ready"}',
    "user-api-py: Redis is not ready (E_UNAVAILABLE: no)",
  ],
  ["@cachepact/writeback-worker:dev: writeback-worker: E_EVICTION: draining", "writeback-worker: E_EVICTION: draining"],
  ["@cachepact/user-api:dev:   REDIS_URL is missing: set it", "  REDIS_URL is missing: set it"],
  ["@cachepact/user-api:dev: \u001b[33m[22:18:03.914] WARN\u001b[39m: no", "user-api: [22:18:03.914] WARN: no"],
])("%j is told", (line, text) => {
  expect(announcement(line)).toEqual({ text });
});

test.each([
  "@cachepact/user-api:seed: $ node src/seed.ts",
  "@cachepact/user-api:migrate: cache bypass, force executing 1234",
  '@cachepact/user-api:dev: {"level":30,"msg":"listening"}',
  '@cachepact/user-api-py:dev: {"level": "info", "msg": "started"}',
  "@cachepact/user-api:dev: {broken",
  "@cachepact/user-api:dev: [22:18:03.914] INFO: request",
  " Tasks:    4 successful, 8 total",
])("%j is not", (line) => {
  expect(announcement(line)).toBeUndefined();
});

test("a service that ended is named: in watch mode nobody starts it again", () => {
  const line =
    "@cachepact/writeback-worker:dev: Failed running 'src/main.ts'. Waiting for file changes before restarting...";
  expect(announcement(line)).toEqual({ text: "writeback-worker has ended", ended: "writeback-worker" });
});
