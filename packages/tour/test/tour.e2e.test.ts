import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { startRedis } from "@cachepact/dev-stack";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const TURBO = fileURLToPath(new URL("../../../node_modules/.bin", import.meta.url));

/** A stack of its own: another one that a person runs is neither used nor disturbed. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cachepact-tour-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly output: () => string;
  readonly exit: Promise<number | null>;
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
}

function start(mode: "start" | "tour", env: NodeJS.ProcessEnv = {}): Run {
  const { REDIS_URL: _redis, DATABASE_URL: _database, ...inherited } = process.env;
  const child = spawn(process.execPath, ["--conditions=@cachepact/source", MAIN, mode], {
    env: { ...inherited, CACHEPACT_DEV_DIR: folder, PATH: `${TURBO}:${process.env.PATH}`, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a process group of its own, so that a signal to it is what a terminal's Ctrl-C is
  });
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  child.stderr.on("data", (chunk) => (text += chunk));
  return {
    output: () => text,
    exit: new Promise((resolve) => child.once("exit", resolve)),
    pid: child.pid ?? 0,
    kill: (signal) => process.kill(-(child.pid ?? 0), signal),
  };
}

/** Processes of this stack: their environment names its folder, or they work in it (Redis hides its environment). */
async function processesOfTheStack(): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const [environ, command, cwd] = await Promise.all([
        readFile(`/proc/${pid}/environ`, "latin1"),
        readFile(`/proc/${pid}/cmdline`, "latin1"),
        readlink(`/proc/${pid}/cwd`),
      ]);
      if (environ.includes(`CACHEPACT_DEV_DIR=${folder}`) || cwd.startsWith(folder))
        found.push(`${pid} ${command.replaceAll("\0", " ")}`);
    } catch {
      // ended while we looked, or another user's
    }
  }
  return found;
}

/** Servers and the guard end a moment after their keeper. */
async function leavesNoProcess(): Promise<void> {
  await expect.poll(processesOfTheStack, { timeout: 20_000, interval: 200 }).toEqual([]);
}

async function environment(): Promise<NodeJS.Dict<string>> {
  return parseEnv(await readFile(join(folder, ".dev/env"), "utf8"));
}

function servicesLog(): Promise<string> {
  return readFile(join(folder, ".dev/services.log"), "utf8");
}

describe("the tour", () => {
  test("starts the stack, finds everything as promised, stops it and leaves no process", async () => {
    const run = start("tour");
    const code = await run.exit;
    expect(code, run.output()).toBe(0);
    const titles = [...run.output().matchAll(/^\d+\. (.*)$/gm)].map(([, title]) => title);
    expect(titles.length).toBe(9);
    expect(run.output()).toContain("Redis is back");
    expect(run.output()).toContain("The tour is over: everything was as promised");
    await leavesNoProcess();
  });

  test("npm start takes the tour, keeps serving, serves another tour, and Ctrl-C leaves no process", async () => {
    const run = start("start");
    await expect.poll(run.output, { timeout: 120_000, interval: 200 }).toContain("Serving until Ctrl-C");
    const url = /TypeScript {2}(http:\S+)\/docs/.exec(run.output())?.[1];
    expect((await fetch(`${url}/users/7`)).status).toBe(200);
    expect((await processesOfTheStack()).length).toBeGreaterThan(4);
    const tour = start("tour");
    expect(await tour.exit, tour.output()).toBe(0);
    expect(tour.output()).not.toContain("Starting Redis");
    expect((await fetch(`${url}/users/7`)).status).toBe(200);
    run.kill("SIGINT");
    expect(await run.exit).toBe(0);
    await leavesNoProcess();
    // The services were asked, not killed: requests and batches in flight were finished.
    expect(run.output()).not.toContain("Force killed");
    expect(await servicesLog()).toMatch(/"writeback-worker".*"msg":"stopped"/);
  });

  test("Ctrl-C while Redis is stopped leaves no process, and others at its old ports are not taken for the stack", async () => {
    const ports = Object.entries(await environment()).filter(([name]) => name.endsWith("_PORT"));
    const strangers = ports.map(([, port]) =>
      createServer((_, reply) => reply.end()).listen(Number(port), "127.0.0.1"),
    );
    const run = start("tour");
    await expect.poll(run.output, { timeout: 120_000, interval: 50 }).toContain("the stack's Redis is stopped");
    run.kill("SIGINT");
    expect(await run.exit).toBe(130);
    await leavesNoProcess();
    for (const stranger of strangers) stranger.close();
  });

  test("a foreign Redis is never stopped, and kill -9 leaves no process but that one", async () => {
    const foreign = await startRedis();
    const run = start("start", { REDIS_URL: foreign.url });
    await expect.poll(run.output, { timeout: 120_000, interval: 200 }).toContain("Serving until Ctrl-C");
    expect(run.output()).toContain("left out");
    // Another terminal, which does not know the variable.
    const visitor = start("tour");
    expect(await visitor.exit, visitor.output()).toBe(0);
    expect(visitor.output()).toContain("left out");
    expect((await environment())["REDIS_URL"]).toBe(foreign.url);

    process.kill(run.pid, "SIGKILL");
    await leavesNoProcess();
    await foreign.stop();
  });
});
