import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Stack } from "../src/stack.ts";
import { type Running, removeRoot, runCommand, startCommand, temporaryRoot } from "./command.ts";
import { eventually, processesIn } from "./processes.ts";

let root: string;
let stack: Stack;

beforeEach(() => {
  root = temporaryRoot();
  stack = new Stack(root);
});

afterEach(() => removeRoot(root));

const RUN_UNTIL_STOPPED = ["run", process.execPath, "-e", "console.log('started'); setInterval(() => {}, 60_000)"];

async function started(running: Running, text: string): Promise<void> {
  expect(await eventually(() => running.stdout().includes(text))).toBe(true);
}

const nothingRuns = (): Promise<boolean> => eventually(() => processesIn(root).length === 0);
const pidOf = (running: Running): number => running.process.pid ?? 0;

describe("run", () => {
  test("gives the command its variables, and its exit code back", async () => {
    const script = "console.log(process.env.REDIS_URL, process.env.DATABASE_URL, process.env.A_PORT); process.exit(7)";
    const { code, stdout } = await runCommand(root, ["run", "--port", "A_PORT=17311", process.execPath, "-e", script]);
    expect(code).toBe(7);
    expect(stdout).toMatch(/^redis:\/\/127\.0\.0\.1:\d+ postgres:\/\/postgres@127\.0\.0\.1:\d+\/postgres \d+\n$/);
    expect(processesIn(root)).toEqual([]);
  });

  test("passes options of the command through", async () => {
    const { stdout } = await runCommand(root, ["run", "echo", "--port", "-x", "--help"]);
    expect(stdout).toBe("--port -x --help\n");
  });

  test("ends with the command and stops the servers on Ctrl-C", async () => {
    const running = startCommand(root, RUN_UNTIL_STOPPED);
    await started(running, "started");
    process.kill(-pidOf(running), "SIGINT");
    expect((await running.ended).code).toBe(130);
    expect(processesIn(root)).toEqual([]);
  });

  test("hands SIGTERM on", async () => {
    const running = startCommand(root, RUN_UNTIL_STOPPED);
    await started(running, "started");
    running.process.kill("SIGTERM");
    expect((await running.ended).code).toBe(143);
    expect(processesIn(root)).toEqual([]);
  });

  test("takes the command and the servers along when it is killed with -9", async () => {
    const script = "console.log('pid', process.pid); setInterval(() => {}, 60_000)";
    const running = startCommand(root, ["run", process.execPath, "-e", script]);
    await started(running, "\n");
    const command = Number(running.stdout().split(" ")[1]);
    expect(commandLine(command)).toContain("setInterval");
    running.process.kill("SIGKILL");
    expect(await nothingRuns()).toBe(true);
    expect(await eventually(() => commandLine(command) === "")).toBe(true);
  });

  test("says what could not be run, and leaves nothing", async () => {
    const { code, stderr } = await runCommand(root, ["run", "no-such-program"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^cachepact-dev-stack: Could not run no-such-program: .*(ENOENT|EACCES)/);
    expect(processesIn(root)).toEqual([]);
  });
});

describe("hold", () => {
  test("stays until it is told to end, then stops the servers", async () => {
    const holding = startCommand(root, ["hold"]);
    await started(holding, "held by");
    expect((await stack.status()).holders).toEqual([pidOf(holding)]);
    process.kill(-pidOf(holding), "SIGINT");
    expect((await holding.ended).code).toBe(0);
    expect(processesIn(root)).toEqual([]);
  });

  test("does not outlive kill -9 of itself, nor of its guard and itself before the next command", async () => {
    const holding = startCommand(root, ["hold"]);
    await started(holding, "held by");
    holding.process.kill("SIGKILL");
    expect(await nothingRuns()).toBe(true);

    const second = startCommand(root, ["hold"]);
    await started(second, "held by");
    process.kill(guardOf(second), "SIGKILL");
    second.process.kill("SIGKILL");
    await second.ended;
    // Now nobody is left who could stop the servers; whoever comes next sees that the holder is dead.
    expect((await stack.status()).holders).toEqual([]);
    await runCommand(root, ["run", "true"]);
    expect(processesIn(root)).toEqual([]);
  });

  test("stops the servers itself when only its guard was killed", async () => {
    const holding = startCommand(root, ["hold"]);
    await started(holding, "held by");
    process.kill(guardOf(holding), "SIGKILL");
    holding.process.kill("SIGTERM");
    await holding.ended;
    expect(processesIn(root)).toEqual([]);
  });

  test("shares the servers: the last holder stops them", async () => {
    const holding = startCommand(root, ["hold"]);
    await started(holding, "held by");
    const { code } = await runCommand(root, ["run", "true"]);
    expect(code).toBe(0);
    expect((await stack.status()).servers.map(({ state }) => state)).toEqual(["running", "running"]);
    holding.process.kill("SIGTERM");
    await holding.ended;
    expect(processesIn(root)).toEqual([]);
  });

  test("leaves servers alone that an `up` keeps, but not those of a transient one", async () => {
    await stack.up();
    await runCommand(root, ["run", "true"]);
    expect(processesIn(root)).not.toEqual([]);
    await stack.down();
    await stack.up({ keep: false });
    await runCommand(root, ["run", "true"]);
    expect(processesIn(root)).toEqual([]);
  });

  test("leaves no server and no guard when the servers cannot be started", async () => {
    const { code, stderr } = await runCommand(root, ["hold"], { CACHEPACT_POSTGRES_BIN: join(root, "nowhere") });
    expect(code).toBe(1);
    expect(stderr).toContain("CACHEPACT_POSTGRES_BIN names");
    expect(processesIn(root)).toEqual([]);
    expect((await stack.status()).holders).toEqual([]);
    // Nor does an `up`, which has no guard.
    expect((await runCommand(root, ["up"], { CACHEPACT_POSTGRES_BIN: join(root, "nowhere") })).code).toBe(1);
    expect(processesIn(root)).toEqual([]);
  });
});

function commandLine(pid: number): string {
  try {
    // Empty for a zombie.
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** The servers are children of the holder as well, if it started them. */
function guardOf({ process }: Running): number {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  const guard = children
    .trim()
    .split(" ")
    .map(Number)
    .find((pid) => commandLine(pid).includes("guard.ts"));
  if (guard === undefined) throw new Error("the holder has no guard");
  return guard;
}
