import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isRunning } from "../src/process-identity.ts";
import { eventually, parentOf, processesIn, processOf, workingFolder } from "./processes.ts";

const PROGRAM = fileURLToPath(new URL("./servers-of-a-parent.ts", import.meta.url));

interface Parent {
  readonly child: ChildProcess;
  readonly pids: readonly number[];
  readonly folders: readonly string[];
}

async function startParent(): Promise<Parent> {
  const child = spawn(process.execPath, [PROGRAM, "hang"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const pids: number[] = JSON.parse(String(line));
  return { child, pids, folders: pids.map(workingFolder) };
}

async function expectNothingLeft({ folders }: Parent): Promise<void> {
  expect(
    await eventually(() => folders.every((folder) => processesIn(folder).length === 0 && !existsSync(folder))),
  ).toBe(true);
}

describe("temporary servers end with their parent", () => {
  test("when it is killed with -9", async () => {
    const parent = await startParent();
    expect(parent.folders.every((folder) => processesIn(folder).length > 0)).toBe(true);
    parent.child.kill("SIGKILL");
    await expectNothingLeft(parent);
  });

  test("when it is killed while one of them is frozen", async () => {
    const parent = await startParent();
    for (const pid of parent.pids) process.kill(pid, "SIGSTOP");
    parent.child.kill("SIGKILL");
    await expectNothingLeft(parent);
  });

  test("when it ends without stopping them: by itself, and by process.exit", async () => {
    for (const [how, code] of [
      ["return", 0],
      ["exit", 3],
    ] as const) {
      const child = spawn(process.execPath, [PROGRAM, how], { stdio: ["ignore", "pipe", "inherit"] });
      const [line] = await once(createInterface({ input: child.stdout }), "line");
      const pids: number[] = JSON.parse(String(line));
      if (child.exitCode === null) await once(child, "exit");
      expect(child.exitCode).toBe(code);
      expect(await eventually(() => pids.every((pid) => !existsSync(`/proc/${pid}/exe`)))).toBe(true);
    }
  });

  test("and are ended by it when it is their supervisor that is killed with -9", async () => {
    const parent = await startParent();
    const servers = parent.pids.map(processOf);
    process.kill(parentOf(parent.pids[0] ?? 0), "SIGKILL");
    expect(await eventually(() => servers.every((server) => !isRunning(server)))).toBe(true);
    parent.child.kill("SIGKILL");
    // Both who would have removed these are gone.
    for (const folder of parent.folders) rmSync(folder.replace(/\/data$/, ""), { recursive: true, force: true });
  });
});
