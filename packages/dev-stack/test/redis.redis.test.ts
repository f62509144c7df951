import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { DevStackError } from "../src/errors.ts";
import { isRunning } from "../src/process-identity.ts";
import { type RedisOptions, type RedisServer, startRedis } from "../src/redis.ts";
import { type RedisReply, redisCommands } from "../src/redis-probe.ts";
import { processOf, workingFolder } from "./processes.ts";

const started: RedisServer[] = [];

async function start(options?: RedisOptions): Promise<RedisServer> {
  const server = await startRedis(options);
  started.push(server);
  return server;
}

async function ask(server: RedisServer, ...command: string[]): Promise<RedisReply | undefined> {
  const [reply] = await redisCommands(server, [command]);
  return reply;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

describe("startRedis", () => {
  test("gives several independent servers at once", async () => {
    const servers = await Promise.all([start(), start(), start(), start()]);
    await Promise.all(servers.map((server, i) => ask(server, "SET", "who", String(i))));
    expect(await Promise.all(servers.map((server) => ask(server, "GET", "who")))).toEqual(["0", "1", "2", "3"]);
    expect(new Set(servers.map((server) => server.port)).size).toBe(4);
    for (const server of servers) expect(server.url).toBe(`redis://${server.host}:${server.port}`);
  });

  test("says what kind of server it is and of which version", async () => {
    const server = await start();
    const info = String(await ask(server, "INFO", "server"));
    expect(info).toContain(`process_id:${server.pid}\r\n`);
    expect(info).toContain(`${server.kind}_version:${server.version}\r\n`);
  });

  test("applies settings, also those of several words and the empty one", async () => {
    const limits = "pubsub 8388608 2097152 30";
    const server = await start({
      config: {
        maxmemory: "64mb",
        save: "60 1000",
        "maxmemory-policy": "volatile-lfu",
        "client-output-buffer-limit": limits,
      },
    });
    expect(await ask(server, "CONFIG", "GET", "maxmemory")).toEqual(["maxmemory", String(64 * 1024 * 1024)]);
    expect(await ask(server, "CONFIG", "GET", "save")).toEqual(["save", "60 1000"]);
    expect(await ask(server, "CONFIG", "GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "volatile-lfu"]);
    expect(String(await ask(server, "CONFIG", "GET", "client-output-buffer-limit"))).toContain(limits);
    expect(await ask(await start(), "CONFIG", "GET", "save")).toEqual(["save", ""]);
  });

  test("puts a password into the url", async () => {
    const server = await start({ config: { requirepass: "s/cret@" } });
    expect(new URL(server.url).password).toBe(encodeURIComponent("s/cret@"));
    expect(await ask(server, "PING")).toBeInstanceOf(Error);
    const [reply] = await redisCommands({ ...server, host: server.host, port: server.port, password: "s/cret@" }, [
      ["PING"],
    ]);
    expect(reply).toBe("PONG");
  });

  test("leaves no process and no folder after stop, and a second stop does nothing", async () => {
    const server = await start();
    const process = processOf(server.pid);
    const folder = workingFolder(server.pid);
    expect(existsSync(folder)).toBe(true);
    await server.stop();
    expect(isRunning(process)).toBe(false);
    expect(existsSync(folder)).toBe(false);
    await server.stop();
    await expect(server.start()).rejects.toThrow("Call startRedis()");
  });

  test("keeps port and data over kill -9 and start, with appendonly", async () => {
    const server = await start({ config: { appendonly: "yes", appendfsync: "always" } });
    const { port, pid } = server;
    await ask(server, "SET", "kept", "yes");
    await server.kill();
    await expect(ask(server, "PING")).rejects.toThrow(DevStackError);
    await server.start();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await ask(server, "GET", "kept")).toBe("yes");
    await expect(server.start()).rejects.toThrow("it runs already");
  });

  test("answers nothing while paused, and everything after", async () => {
    const server = await start();
    server.pause();
    await expect(redisCommands(server, [["PING"]], 100)).rejects.toThrow("nothing within 100 ms");
    server.resume();
    expect(await ask(server, "PING")).toBe("PONG");
    server.pause();
    await server.stop();
  });

  test("keeps a folder that it was given, with its data", async () => {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), "cachepact-given-")));
    try {
      const config = { appendonly: "yes" };
      const first = await start({ dir, config });
      await ask(first, "SET", "kept", "yes");
      await first.stop();
      const second = await start({ dir, config });
      expect(await ask(second, "GET", "kept")).toBe("yes");
      await second.stop();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test("takes the port that it was given, and says so when that is in use", async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow(`port ${port} of 127.0.0.1 is in use`);
  });

  test("shows the server's own words when it refuses a setting, and leaves nothing behind", async () => {
    await expect(start({ config: { maxmemory: "much" } })).rejects.toThrow(/it ended at once[\s\S]*maxmemory much/);
  });

  test("refuses a binary that is none", async () => {
    await expect(start({ binary: "/nowhere/redis-server" })).rejects.toThrow(
      "The option `binary` names /nowhere/redis-server",
    );
  });
});
