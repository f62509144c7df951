import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type RedisServer, startRedis } from "@cachepact/dev-stack";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SERVICES, type Service, startServices } from "../src/live/service.ts";
import { type ScratchContract, scratchContract } from "../src/scratch-contract.ts";

/** What a team that has the tutorial's cache in production declares: its key, and bare JSON. */
const USER_PROTO = `syntax = "proto3";

package tutorial.v1;

import "cachepact/v1/options.proto";
import "google/protobuf/timestamp.proto";

message User {
  option (cachepact.v1.entry) = {
    key: "user:{id}"
    generation: 0
    codec: CODEC_JSON
    framing: FRAMING_PLAIN
    ttl_ms: 3600000
    negative_ttl_ms: 60000
  };

  int64 id = 1 [
    jstype = JS_NUMBER,
    (cachepact.v1.field).required = true
  ];
  string name = 2;
  optional string email = 3;
  google.protobuf.Timestamp created_at = 4;
  repeated string roles = 5;
  map<string, string> labels = 6;
  double score = 7;
  bool active = 8;
  int64 balance_cents = 9 [jstype = JS_STRING];
}
`;

const root = new URL("../../../", import.meta.url);
const path = (relative: string): string => fileURLToPath(new URL(relative, root));

/** The two programs as they are: nothing is put into them, nothing around them. */
const PROGRAMS = {
  "ioredis, JSON.parse, JSON.stringify": [
    path("node_modules/.bin/node"),
    path("packages/conformance/tutorial/user-cache.mjs"),
  ],
  "redis-py, json.loads, json.dumps": [path(".venv/bin/python"), path("packages/conformance/tutorial/user_cache.py")],
} as const;
const NAMES = Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[];

/** Rows as the tutorials' databases hold them: texts and numbers that orders, escapes and encodings differ on. */
const ROWS = [
  {
    id: 2,
    name: 'Zoë 日本 \u{1F600} \u2028 "\\/\n',
    created_at: "1969-12-31T23:59:59Z",
    roles: ["é", ""],
    labels: { "\uFB33": "\u{1F600}", "\u{1F600}": "\uFB33", __proto__x: "" },
    score: 1e21,
    active: false,
    balance_cents: "-1",
  },
] as const;

type Row = (typeof ROWS)[number];

const MISSING = 404;

/** The row in neutral form. */
function neutral({ labels, created_at, id, ...row }: Row): Readonly<Record<string, unknown>> {
  const ms = Date.parse(created_at);
  const seconds = Math.floor(ms / 1000);
  return {
    ...row,
    id: String(id),
    created_at: [seconds, (ms - seconds * 1000) * 1_000_000],
    labels: Object.entries(labels),
  };
}

let server: RedisServer;
let redis: Redis;
let contract: ScratchContract;
let services: readonly Service[] = [];

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  contract = await scratchContract({ protos: { "tutorial/v1/user.proto": USER_PROTO } });
  services = await startServices(contract.config, server.url);
});

afterAll(async () => {
  await Promise.all(services.map((service) => service.close()));
  contract?.close();
  redis?.disconnect();
  await server?.stop();
});

beforeEach(async () => {
  await redis.flushall();
});

async function tutorial(
  name: keyof typeof PROGRAMS,
  id: number,
  users: unknown = {},
): Promise<{ source: string; user: unknown }> {
  const [command, file] = PROGRAMS[name];
  const env = { ...process.env, REDIS_URL: server.url, USERS: JSON.stringify(users) };
  const { stdout } = await promisify(execFile)(command, [file, String(id)], { env });
  return JSON.parse(stdout) as { source: string; user: unknown };
}

describe.each(NAMES)("the tutorial's program with %s", (program) => {
  describe.each(SERVICES)("and a service in %s", (serviceName) => {
    const service = (): Service => services.find(({ name }) => name === serviceName) as Service;
    const ask = (op: string, id: number, value?: unknown): Promise<Readonly<Record<string, unknown>>> =>
      service().ask({ op, entity: "user", key: { id: String(id) }, ...(value === undefined ? {} : { value }) });

    test.each(ROWS)("it reads row $id that the service loaded", async (row) => {
      expect(await ask("load", row.id, neutral(row))).toMatchObject({ source: "database", loads: 1 });
      expect(await tutorial(program, row.id)).toEqual({ source: "cache", user: row });
    });

    test.each(ROWS)("the service reads row $id that it stored", async (row) => {
      expect(await tutorial(program, row.id, { [row.id]: row })).toEqual({ source: "database", user: row });
      const found = await ask("read", row.id);
      expect(found).toMatchObject({ source: "redis", version: 0, loads: 0 });
      const labels = Object.entries(row.labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
      expect(found["value"]).toEqual({ ...neutral(row), labels });
      // SETEX 3600, as the program said: reading leaves it as it is.
      expect(await redis.ttl(`user:${row.id}`)).toBeGreaterThan(3_500);
    });

    test("both remember that a user is missing, whoever asked first", async () => {
      expect(await ask("load", MISSING, null)).toMatchObject({ value: null, source: "database", loads: 1 });
      expect(await tutorial(program, MISSING)).toEqual({ source: "cache", user: null });
      await redis.flushall();
      expect(await tutorial(program, MISSING)).toEqual({ source: "database", user: null });
      expect(await ask("read", MISSING)).toEqual({ value: null, source: "redis", version: 0, loads: 0 });
    });

    test("the service's entry lies under the bare key, as long as the contract says and no longer", async () => {
      const [row] = ROWS;
      await ask("load", row.id, neutral(row));
      const stored = await redis.get(`user:${row.id}`);
      expect(await redis.keys("*")).toEqual([`user:${row.id}`]);
      const ttlMs = await redis.pttl(`user:${row.id}`);
      // Jitter takes a tenth at most.
      expect(ttlMs).toBeGreaterThan(3_600_000 * 0.9 - 60_000);
      expect(ttlMs).toBeLessThanOrEqual(3_600_000);
      await ask("write", row.id, neutral(row));
      expect(await redis.get(`user:${row.id}`)).toBe(stored);
      await ask("load", MISSING, null);
      expect(await redis.pttl(`user:${MISSING}`)).toBeGreaterThan(0);
      expect(await redis.pttl(`user:${MISSING}`)).toBeLessThanOrEqual(60_000);
    });
  });
});
