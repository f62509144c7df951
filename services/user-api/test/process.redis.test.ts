import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type PostgresServer, type RedisServer, startPostgres, startRedis } from "@cachepact/dev-stack";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../src/migrate.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const NOBODY = "127.0.0.1:1";

interface Service {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Where it listens; rejects when it ends before. */
  readonly url: Promise<string>;
  readonly exit: Promise<number | null>;
}

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

function start(env: Record<string, string>): Service {
  const child = spawn(process.execPath, ["--conditions=@cachepact/source", MAIN], {
    env: { PATH: process.env.PATH ?? "", USER_API_PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  const lines: string[] = [];
  const exit = once(child, "close").then(([code]) => code as number | null);
  const url = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream as NodeJS.ReadableStream }).on("line", (line) => {
        lines.push(line);
        const address = /"address":"([^"]+)"/.exec(line)?.[1];
        if (address !== undefined) resolve(address);
      });
    }
    void exit.then(() => reject(new Error(`the service ended:\n${lines.join("\n")}`)));
  });
  url.catch(() => undefined);
  return { child, lines, url, exit };
}

describe("a wrong environment", () => {
  test("ends the process at once with code 1, and every problem is listed", async () => {
    const service = start({ REDIS_URL: "http://user:s3cret@host", USER_API_PORT: "many", LOG_LEVEL: "loud" });
    expect(await service.exit).toBe(1);
    expect(service.lines).toEqual([
      "user-api: E_CONFIG: the environment is wrong, correct each of these variables:",
      "  REDIS_URL must be a URL like redis://host:6379",
      "  DATABASE_URL is missing: set it to something like postgres://user:password@host:5432/name",
      "  USER_API_PORT must be a whole number from 0 to 65535",
      "  LOG_LEVEL must be one of debug, info, warn, error",
    ]);
  });

  test("a port that is taken ends the process with code 1 and a reason", async () => {
    const env = { REDIS_URL: `redis://${NOBODY}`, DATABASE_URL: `postgres://${NOBODY}/x` };
    const first = start(env);
    const { port } = new URL(await first.url);
    const second = start({ ...env, USER_API_PORT: port });
    expect(await second.exit).toBe(1);
    expect(second.lines.join("\n")).toContain("EADDRINUSE");
  });
});

describe("without Redis and Postgres", () => {
  test("the service starts, says what is away, shows no password, and stops on SIGTERM", async () => {
    const service = start({
      REDIS_URL: `redis://user:s3cret@${NOBODY}`,
      DATABASE_URL: `postgres://user:s3cret@${NOBODY}/users?application_name=s3cret`,
      LOG_LEVEL: "debug",
    });
    const url = await service.url;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, '{"status":"unready","postgres":"down","redis":"down"}']);
    expect((await fetch(`${url}/users/1`)).status).toBe(503);
    service.child.kill("SIGTERM");
    expect(await service.exit).toBe(0);
    expect(service.lines.join("\n")).not.toContain("s3cret");
    expect(service.lines.join("\n")).toContain(`"databaseUrl":"postgres://${NOBODY}/users"`);
  });
});

describe("with both", () => {
  let redis: RedisServer;
  let postgres: PostgresServer;
  beforeAll(async () => {
    [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
    await migrate(postgres.url);
  });
  afterAll(() => Promise.all([redis.stop(), postgres.stop()]));

  test("keys carry CACHE_NAMESPACE", async () => {
    const service = start({ REDIS_URL: redis.url, DATABASE_URL: postgres.url, CACHE_NAMESPACE: "acme" });
    const url = await service.url;
    const body = JSON.stringify({ email: "a@b.c", name: "Ada" });
    const { id } = (await (await fetch(`${url}/users`, { method: "POST", body })).json()) as { id: number };
    const client = new Redis(redis.url);
    expect(await client.keys("*user@1*")).toContain(`acme:user@1:${id}`);
    client.disconnect();
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s: a running request is answered, a kept-alive connection does not hold it, code 0",
    async (signal) => {
      const service = start({ REDIS_URL: redis.url, DATABASE_URL: postgres.url });
      const url = await service.url;
      await (await fetch(`${url}/healthz`)).text(); // leaves a kept-alive connection
      const started = performance.now();
      const slow = Promise.all(
        Array.from({ length: 50 }, (_, id) => fetch(`${url}/users/${1000 + id}`).then((answer) => answer.status)),
      );
      await fetch(`${url}/healthz`).then((answer) => answer.text());
      service.child.kill(signal);
      const statuses = await slow;
      expect(statuses.every((status) => status === 404 || status === 503)).toBe(true);
      expect(await service.exit).toBe(0);
      expect(performance.now() - started).toBeLessThan(10_000);
      expect(service.lines.at(-1)).toContain('"msg":"stopped"');
    },
  );
});
