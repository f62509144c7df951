import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort, isFree } from "../src/port.ts";
import { startPostgres } from "../src/postgres.ts";
import { postgresQuery } from "../src/postgres-probe.ts";
import { isRunning } from "../src/process-identity.ts";
import { startRedis } from "../src/redis.ts";
import { redisCommands } from "../src/redis-probe.ts";
import { Stack } from "../src/stack.ts";
import { removeRoot, runCommand, startCommand, temporaryRoot } from "./command.ts";
import { deadProcess, eventually, processesIn, processOf } from "./processes.ts";

let root: string;
let stack: Stack;

beforeEach(() => {
  // Those of the machine that runs the tests are nobody's business here.
  delete process.env["REDIS_URL"];
  delete process.env["DATABASE_URL"];
  root = temporaryRoot();
  stack = new Stack(root);
});

afterEach(async () => {
  for (const name of ["REDIS_URL", "DATABASE_URL", "A_PORT"]) delete process.env[name];
  await removeRoot(root);
});

async function pids(): Promise<number[]> {
  return (await stack.status()).servers.map((server) => server.pid ?? 0);
}

async function redis(...command: string[]): Promise<unknown> {
  const url = new URL((await stack.status()).environment["REDIS_URL"] ?? "");
  const [reply] = await redisCommands({ host: url.hostname, port: Number(url.port) }, [command]);
  return reply;
}

async function sql(text: string): Promise<unknown> {
  const url = new URL((await stack.status()).environment["DATABASE_URL"] ?? "");
  return postgresQuery({ host: url.hostname, port: Number(url.port), database: url.pathname.slice(1) }, text);
}

const BUSY_BACKENDS =
  "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series%' AND pid <> pg_backend_pid()";

const envFile = (): string => join(root, ".dev", "env");

describe("up", () => {
  test("starts both servers and writes their addresses", async () => {
    const environment = await stack.up();
    expect(readFileSync(envFile(), "utf8")).toBe(
      `REDIS_URL=${environment["REDIS_URL"]}\nDATABASE_URL=${environment["DATABASE_URL"]}\n`,
    );
    expect(await redis("CONFIG", "GET", "maxmemory")).toEqual(["maxmemory", String(256 * 1024 * 1024)]);
    expect(await redis("CONFIG", "GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "volatile-lfu"]);
    expect(await redis("CONFIG", "GET", "appendonly")).toEqual(["appendonly", "yes"]);
    expect(await sql("SELECT 1")).toEqual([["1"]]);
  });

  test("adopts servers that run, and does not touch the file", async () => {
    await stack.up();
    const before = await pids();
    const { mtimeMs, ino } = statSync(envFile());
    await sleep(20); // the file system's clock must be able to show a second write
    await stack.up();
    expect(await pids()).toEqual(before);
    expect(statSync(envFile())).toMatchObject({ mtimeMs, ino });
  });

  test("starts one pair when several run at once", async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => runCommand(root, ["up"])));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(1);
  });

  test("keeps addresses and data over down", async () => {
    const before = await stack.up();
    await redis("SET", "kept", "yes");
    await sql("CREATE TABLE kept AS SELECT 1 AS n");
    expect(await stack.down()).toEqual(["redis", "postgres"]);
    expect(processesIn(root)).toEqual([]);
    expect(await stack.up()).toEqual(before);
    expect(await redis("GET", "kept")).toBe("yes");
    expect(await sql("SELECT n FROM kept")).toEqual([["1"]]);
  });

  test("recovers from kill -9 of both servers, with their data", async () => {
    const before = await stack.up();
    await redis("CONFIG", "SET", "appendfsync", "always");
    await redis("SET", "kept", "yes");
    await sql("CREATE TABLE kept AS SELECT 1 AS n");
    for (const pid of await pids()) process.kill(pid, "SIGKILL");
    expect(await stack.up()).toEqual(before);
    expect(await redis("GET", "kept")).toBe("yes");
    expect(await sql("SELECT n FROM kept")).toEqual([["1"]]);
  });

  test("keeps the address of a killed Postgres whose backend still holds the data", async () => {
    const before = await stack.up();
    // Computing, a backend does not notice for a while that its postmaster is gone.
    const computing = sql("SELECT count(*) FROM generate_series(1, 10000000)").catch((error: Error) => error);
    const [, postgresPid = 0] = await pids();
    await eventually(async () => String(await sql(BUSY_BACKENDS)) === "1");
    process.kill(postgresPid, "SIGKILL");
    expect(await stack.up()).toEqual(before);
    expect(readFileSync(join(root, ".dev/postgres/server.log"), "utf8")).toMatch(/shared memory block|lock file/);
    await computing;
  });

  test("wakes frozen servers", async () => {
    await stack.up();
    const before = await pids();
    for (const pid of before) process.kill(pid, "SIGSTOP");
    await stack.up();
    expect(await pids()).toEqual(before);
  });

  test("takes over the lock of a dead process", async () => {
    mkdirSync(join(root, ".dev"));
    writeFileSync(join(root, ".dev", "lock"), JSON.stringify({ ...deadProcess(), token: "t" }));
    expect((await runCommand(root, ["up"])).code).toBe(0);
  });

  test("is not misled by files that name another process", async () => {
    await stack.up();
    const [redisPid = 0, postgresPid = 0] = await pids();
    process.kill(redisPid, "SIGKILL");
    process.kill(postgresPid, "SIGKILL");
    await eventually(() => processesIn(root).length === 0);
    const pidFile = join(root, ".dev/postgres/data/postmaster.pid");
    writeFileSync(pidFile, readFileSync(pidFile, "utf8").replace(/^\d+/, String(process.pid)));
    const record = join(root, ".dev/redis/server.json");
    writeFileSync(record, readFileSync(record, "utf8").replace(/"pid":\d+/, `"pid":${process.pid}`));
    await stack.up();
    expect(await pids()).not.toContain(process.pid);
    await stack.down();
    expect(isRunning(processOf(process.pid))).toBe(true);
  });

  test("leaves one pair of servers, whenever an earlier one is killed", async () => {
    for (let delay = 60; delay < 700; delay += 80) {
      const first = startCommand(root, ["up"]);
      await sleep(delay); // the moment of death is what is tried out
      first.process.kill("SIGKILL");
      await first.ended;
      await stack.up();
      const [redisPid = 0, postgresPid = 0] = await pids();
      const folder = join(root, ".dev/redis");
      expect(processesIn(folder)).toEqual([redisPid]);
      expect(readFileSync(join(root, ".dev/postgres/data/postmaster.pid"), "utf8")).toMatch(
        new RegExp(`^${postgresPid}\n`),
      );
      await stack.down();
      expect(processesIn(root)).toEqual([]);
    }
  });

  test("takes another port when its own is in use", async () => {
    const before = await stack.up();
    await stack.down();
    const port = Number(new URL(before["REDIS_URL"] ?? "").port);
    const other = createServer().listen(port, "127.0.0.1");
    try {
      const after = await stack.up();
      expect(after["REDIS_URL"]).not.toBe(before["REDIS_URL"]);
      expect(after["DATABASE_URL"]).toBe(before["DATABASE_URL"]);
    } finally {
      other.close();
    }
  });

  test("recognises its folder under another name", async () => {
    await stack.up();
    const link = `${root}-link`;
    symlinkSync(root, link);
    const before = await pids();
    const { code, stdout } = await runCommand(link, ["up"]);
    expect(code).toBe(0);
    for (const pid of before) expect(stdout).toContain(`pid ${pid}`);
    await runCommand(root, ["run", "rm", link]);
  });
});

describe("service ports", () => {
  test("are the preferred ones if free, and stay while the stack is in use", async () => {
    const free = await freePort();
    const taken = await freePort();
    const other = createServer().listen(taken, "127.0.0.1");
    try {
      const first = await stack.up({ ports: { A_PORT: free, B_PORT: taken, C_PORT: free } });
      expect(first["A_PORT"]).toBe(String(free));
      expect(first["B_PORT"]).not.toBe(String(taken));
      expect(first["C_PORT"]).not.toBe(String(free));
      expect(await isFree(Number(first["B_PORT"]))).toBe(true);
      expect(await stack.up()).toEqual(first);
      const service = createServer().listen(free, "127.0.0.1");
      expect(await stack.up({ ports: { A_PORT: free } })).toEqual(first);
      service.close();
    } finally {
      other.close();
    }
  });

  test("are those of the environment, if it has them", async () => {
    process.env["A_PORT"] = "17303";
    expect(await stack.up({ ports: { A_PORT: 17_304 } })).toMatchObject({ A_PORT: "17303" });
    process.env["A_PORT"] = "many";
    await expect(stack.up({ ports: { A_PORT: 17_304 } })).rejects.toThrow(
      'A_PORT should be a port number from 1 to 65535, found "many"',
    );
  });
});

describe("servers that the environment names", () => {
  test("are used as they are, and never changed or stopped", async () => {
    const [foreign, database] = await Promise.all([startRedis({ config: { requirepass: "secret" } }), startPostgres()]);
    try {
      process.env["REDIS_URL"] = foreign.url;
      process.env["DATABASE_URL"] = database.url;
      expect(await stack.up()).toEqual({ REDIS_URL: foreign.url, DATABASE_URL: database.url });
      expect(processesIn(root)).toEqual([]);
      expect((await stack.status()).servers.map(({ state }) => state)).toEqual(["given", "given"]);
      expect((await runCommand(root, ["status"], { REDIS_URL: foreign.url })).stdout).not.toContain("secret");
      expect(await stack.down()).toEqual([]);
      const address = { host: foreign.host, port: foreign.port, password: "secret" };
      const [size, stats] = await redisCommands(address, [["DBSIZE"], ["INFO", "commandstats"]]);
      expect(size).toBe(0);
      // Nothing but the question whether it is there; it asked without the password and was refused.
      expect(String(stats)).not.toMatch(/cmdstat_(?!auth|info|ping|dbsize|config)/);
    } finally {
      await Promise.all([foreign.stop(), database.stop()]);
    }
  });

  test("must answer; the message holds no password", async () => {
    process.env["REDIS_URL"] = "redis://:secret@127.0.0.1:9";
    await expect(stack.up()).rejects.toThrow(
      /^REDIS_URL is set, but no Redis answers at 127\.0\.0\.1:9\. Start that server/,
    );
    process.env["REDIS_URL"] = "not a url, secret";
    await expect(stack.up()).rejects.toThrow("REDIS_URL is set, but it is not a URL. Correct it");
  });

  test("are not foreign when the stack gave them itself, even after they died", async () => {
    const environment = await stack.up();
    Object.assign(process.env, environment);
    const before = await pids();
    await stack.up();
    expect(await pids()).toEqual(before);
    await stack.down();
    expect(await stack.up()).toEqual(environment);
    expect((await stack.status()).servers.map(({ state }) => state)).toEqual(["running", "running"]);
  });
});

describe("down", () => {
  test("can stop one server", async () => {
    await stack.up();
    expect(await stack.down({ only: "redis" })).toEqual(["redis"]);
    expect((await stack.status()).servers.map(({ state }) => state)).toEqual(["down", "running"]);
    await stack.up();
    expect((await stack.status()).servers.map(({ state }) => state)).toEqual(["running", "running"]);
  });

  test("does nothing where nothing is, not even make a folder", async () => {
    const { code, stdout } = await runCommand(root, ["down"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "nothing was running\n" });
    expect((await runCommand(root, ["status"])).code).toBe(1);
    expect(statSync(join(root, ".dev"), { throwIfNoEntry: false })).toBeUndefined();
  });
});
