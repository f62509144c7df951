import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { identify, type ProcessIdentity } from "../src/process-identity.ts";

/** The process with this pid; fails if there is none. */
export function processOf(pid: number): ProcessIdentity {
  const identity = identify(pid);
  if (identity === null) throw new Error(`no process ${pid}`);
  return identity;
}

/** A process that has ended, and whose pid is therefore nobody's. */
export function deadProcess(): ProcessIdentity {
  return { pid: spawnSync("true").pid, began: "once" };
}

export function parentOf(pid: number): number {
  return Number(execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }));
}

/** The folder that a process works in. Both servers work in their data folder, and so do all processes of Postgres. */
export function workingFolder(pid: number): string {
  return readlinkSync(`/proc/${pid}/cwd`);
}

/** All processes that work in this folder or below it. */
export function processesIn(folder: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return `${workingFolder(pid)}/`.startsWith(`${folder}/`);
      } catch {
        // It ended meanwhile, is a zombie, or is somebody else's.
        return false;
      }
    });
}

/** Waits for what another process is about to do. */
export async function eventually(condition: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (await condition()) return true;
    await sleep(10);
  }
  return condition();
}
