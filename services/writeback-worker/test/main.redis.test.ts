import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createCache } from "@cachepact/cache-core";
import { Preferences, Theme } from "@cachepact/contracts";
import { type PostgresServer, type RedisServer, startPostgres, startRedis } from "@cachepact/dev-stack";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

let redis: RedisServer;
let postgres: PostgresServer;
let pool: Pool;
const processes = new Set<ChildProcess>();

beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  pool = new Pool({ connectionString: postgres.url });
});
afterEach(() => {
  for (const child of processes) child.kill("SIGKILL");
  processes.clear();
});
afterAll(async () => {
  await pool.end();
  await Promise.all([redis.stop(), postgres.stop()]);
});

interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  /** Exit code and signal. */
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;
}

function start(name: "main" | "migrate", env: Record<string, string> = {}): Program {
  const file = fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@cachepact/source", file], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { REDIS_URL: redis.url, DATABASE_URL: postgres.url, WRITEBACK_WORKER_PORT: "0", ...env },
  });
  processes.add(child);
  let [output, errors] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  return { child, output: () => output, errors: () => errors, ended };
}

/** The address that the service says it listens on. */
async function listening(program: Program): Promise<string> {
  const address = (): string | undefined => /"address":"([^"]+)"/.exec(program.output())?.[1];
  await expect.poll(address, { timeout: 20_000 }).toBeDefined();
  return address() ?? "";
}

async function ready(program: Program): Promise<string> {
  const address = await listening(program);
  await expect.poll(async () => (await fetch(`${address}/readyz`)).status, { timeout: 20_000 }).toBe(200);
  return address;
}

describe("the service", () => {
  test("without its migrations ends at once and says so", async () => {
    const program = start("main");
    expect(await program.ended).toEqual([1, null]);
    expect(program.errors()).toContain("E_MIGRATION");
  });

  test("run by two at once, the migrations are applied once; a later run finds nothing to do", async () => {
    const both = [start("migrate"), start("migrate")];
    expect(await Promise.all(both.map((program) => program.ended))).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(both.filter((program) => program.output().includes("nothing to do"))).toHaveLength(1);
    const again = start("migrate");
    await again.ended;
    expect(again.output()).toContain("nothing to do");
  });

  test("with a wrong environment ends at once with every problem, one a line", async () => {
    const program = start("main", { REDIS_URL: "ftp://user:hunter2@x", DATABASE_URL: "", LOG_LEVEL: "loud" });
    expect(await program.ended).toEqual([1, null]);
    const lines = program.errors().trim().split("\n");
    expect(lines).toHaveLength(4);
    expect(lines.join("\n")).toMatch(/^writeback-worker: .*E_CONFIG/);
    expect(program.errors()).not.toContain("hunter2");
  });

  test("drains what is put, reports health and metrics, and ends cleanly on SIGTERM", async () => {
    await pool.query(
      "create table preferences (id text primary key, ver bigint not null, gen integer not null, doc jsonb not null)",
    );
    const program = start("main", { DATABASE_URL: postgres.url.replace("postgres@", "postgres:hunter2@") });
    const address = await ready(program);
    expect(await (await fetch(`${address}/healthz`)).json()).toEqual({ status: "ok" });

    const cache = createCache({ redis: redis.url });
    const preferences = cache.entity(Preferences, { load: async () => null });
    const value = { userId: 7, theme: Theme.THEME_DARK, language: "en", emailOptIn: false, settings: {} };
    const { version } = await preferences.put({ userId: 7 }, value);
    await cache.close();
    const row = async (): Promise<unknown> =>
      (await pool.query("select ver from preferences where id = '7'")).rows[0]?.ver;
    await expect.poll(row, { timeout: 20_000 }).toBe(String(version));

    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toContain('cachepact_writeback_events_total{log="preferences",outcome="applied"} 1');
    expect(metrics).toContain('cachepact_writeback_partitions_owned{log="preferences"} 16');
    expect(metrics).toContain("process_cpu_user_seconds_total");

    program.child.kill("SIGTERM");
    expect(await program.ended).toEqual([0, null]);
    expect(program.errors()).toBe("");
    expect(program.output()).not.toContain("hunter2");
    for (const line of program.output().trim().split("\n"))
      expect(JSON.parse(line)).toMatchObject({ service: "writeback-worker" });
    expect((await pool.query("select 1 from wb_part where owner is not null")).rowCount).toBe(0);
  });

  test("takes a Ctrl-C that arrives twice, from the terminal and from a task runner, for one", async () => {
    const program = start("main");
    await ready(program);
    // Two kinds: of one kind the system may make one signal.
    program.child.kill("SIGINT");
    program.child.kill("SIGTERM");
    expect(await program.ended).toEqual([0, null]);
    expect((await pool.query("select 1 from wb_part where owner is not null")).rowCount).toBe(0);
    expect(program.output().match(/partitions (claimed|given back)/g)).toEqual([
      "partitions claimed",
      "partitions given back",
    ]);
  });

  test("is alive and not ready while Redis is away", async () => {
    const program = start("main");
    const address = await ready(program);
    await redis.kill();
    const answer = async (): Promise<unknown> => (await fetch(`${address}/readyz`)).json();
    await expect.poll(answer, { timeout: 20_000 }).toMatchObject({ status: "unready", redis: "down", postgres: "up" });
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    await redis.start();
    await ready(program);
    program.child.kill("SIGINT");
    expect(await program.ended).toEqual([0, null]);
  });
});
