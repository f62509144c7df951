import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { postgresQuery } from "../src/postgres-probe.ts";
import { isRunning } from "../src/process-identity.ts";
import { redisCommands } from "../src/redis-probe.ts";
import { type Running, removeRoot, startCommand, temporaryRoot } from "./command.ts";
import { eventually, processOf } from "./processes.ts";

let root: string;

beforeEach(() => {
  root = temporaryRoot();
});

afterEach(() => removeRoot(root));

async function line(running: Running, index: number): Promise<Record<string, unknown>> {
  const lines = (): string[] => running.stdout().split("\n").slice(0, -1);
  expect(await eventually(() => lines().length > index)).toBe(true);
  const answer: Record<string, unknown> = JSON.parse(lines()[index] ?? "");
  return answer;
}

describe("the commands for programs in other languages", () => {
  test("redis prints one line and lives until its input closes", async () => {
    const running = startCommand(root, ["redis", "--config", "maxmemory=64mb", "--config", "save=60 1000"]);
    const { url, port, pid } = await line(running, 0);
    expect(url).toBe(`redis://127.0.0.1:${Number(port)}`);
    const server = processOf(Number(pid));
    const [reply] = await redisCommands({ host: "127.0.0.1", port: Number(port) }, [["CONFIG", "GET", "save"]]);
    expect(reply).toEqual(["save", "60 1000"]);
    running.process.stdin?.end();
    expect((await running.ended).code).toBe(0);
    expect(isRunning(server)).toBe(false);
  });

  test("redis obeys orders, one answer each", async () => {
    const running = startCommand(root, ["redis"]);
    const first = await line(running, 0);
    running.process.stdin?.write("kill SIGKILL\nstart\n");
    const { port, pid } = await line(running, 2);
    expect(port).toBe(first["port"]);
    expect(pid).not.toBe(first["pid"]);
    running.process.stdin?.write("pause\nresume\nfly\nstart\n");
    expect(String((await line(running, 5))["error"])).toContain('Unknown order "fly"');
    expect(String((await line(running, 6))["error"])).toContain("it runs already");
    running.process.stdin?.end();
    await running.ended;
  });

  test("postgres creates the database; its server ends on a signal, and when the command is killed", async () => {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const running = startCommand(root, ["postgres", "--database", "orders"]);
      const { port, pid } = await line(running, 0);
      const server = processOf(Number(pid));
      expect(await postgresQuery({ host: "127.0.0.1", port: Number(port), database: "orders" }, "SELECT 1")).toEqual([
        ["1"],
      ]);
      running.process.kill(signal);
      await running.ended;
      expect(await eventually(() => !isRunning(server))).toBe(true);
    }
  });

  test("a wrong option is one line, not a stack trace", async () => {
    const running = startCommand(root, ["redis", "--config", "maxmemory"]);
    const { code, stderr } = await running.ended;
    expect(code).toBe(1);
    expect(stderr).toBe('cachepact-dev-stack: Expected name=value, found "maxmemory".\n');
  });
});
