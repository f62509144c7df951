import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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
    kill: (signal) => process.kill(-(child.pid ?? 0), signal),
  };
}

/** Processes of this stack: their environment names its folder. */
async function processesOfTheStack(): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const [environ, command] = await Promise.all([
        readFile(`/proc/${pid}/environ`, "latin1"),
        readFile(`/proc/${pid}/cmdline`, "latin1"),
      ]);
      if (environ.includes(`CACHEPACT_DEV_DIR=${folder}`)) found.push(`${pid} ${command.replaceAll("\0", " ")}`);
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
  });
});
