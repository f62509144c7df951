import { existsSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { type PostgresOptions, type PostgresServer, startPostgres } from "../src/postgres.ts";
import { postgresQuery } from "../src/postgres-probe.ts";
import { eventually, processesIn, workingFolder } from "./processes.ts";

const started: PostgresServer[] = [];

async function start(options?: PostgresOptions): Promise<PostgresServer> {
  const server = await startPostgres(options);
  started.push(server);
  return server;
}

async function ask(server: PostgresServer, sql: string): Promise<(string | null)[][]> {
  const database = decodeURIComponent(new URL(server.url).pathname.slice(1));
  return postgresQuery({ host: server.host, port: server.port, database }, sql, 5_000);
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

describe("startPostgres", () => {
  test("gives several independent clusters at once", async () => {
    const servers = await Promise.all([start(), start(), start()]);
    await Promise.all(servers.map((server, i) => ask(server, `CREATE TABLE who AS SELECT ${i} AS n, NULL AS nothing`)));
    expect(await Promise.all(servers.map((server) => ask(server, "SELECT * FROM who")))).toEqual([
      [["0", null]],
      [["1", null]],
      [["2", null]],
    ]);
  });

  test("creates the database that it was asked for, whatever its name", async () => {
    const server = await start({ database: 'Orders "2"' });
    expect(await ask(server, "SELECT current_database()")).toEqual([['Orders "2"']]);
    expect(await ask(server, "SHOW timezone")).toEqual([["UTC"]]);
  });

  test("leaves no process and no folder after stop", async () => {
    const server = await start();
    const folder = workingFolder(server.pid);
    expect(processesIn(folder).length).toBeGreaterThan(1);
    await server.stop();
    expect(await eventually(() => processesIn(folder).length === 0)).toBe(true);
    expect(existsSync(folder)).toBe(false);
    await server.stop();
    await expect(server.start()).rejects.toThrow("Call startPostgres()");
  });

  test("keeps port and committed rows over kill -9 and start", async () => {
    const server = await start();
    const { port, pid } = server;
    await ask(server, "CREATE TABLE kept AS SELECT 1 AS n");
    await server.kill();
    await expect(ask(server, "SELECT 1")).rejects.toThrow("did not answer");
    await server.start();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await ask(server, "SELECT n FROM kept")).toEqual([["1"]]);
    await expect(server.start()).rejects.toThrow("it runs already");
  });
});
