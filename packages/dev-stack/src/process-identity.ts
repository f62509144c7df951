import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** One process, for good: a pid alone names another process once the system has used it again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When the process began, in the words of the system; with the pid it is unique. */
  readonly began: string;
}

const POLL_MS = 5;

/** Identifies a running process; null when there is none with this pid, or only its remains (a zombie). */
export function identify(pid: number): ProcessIdentity | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const began = process.platform === "linux" ? beganOnLinux(pid) : beganElsewhere(pid);
  return began === null ? null : { pid, began };
}

/** True while exactly this process runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.began === identity.began;
}

/** Sends a signal to exactly this process; false when it is gone. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    return process.kill(identity.pid, name);
  } catch {
    return false;
  }
}

/** Waits until the process is gone; false when it still runs after `timeoutMs`. */
export async function waitUntilGone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isRunning(identity)) {
    if (Date.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Ends a process: each signal in turn gets its time to work, then SIGKILL. A stopped process is woken first. */
export async function end(
  identity: ProcessIdentity,
  steps: readonly { readonly signal: NodeJS.Signals; readonly waitMs: number }[],
): Promise<void> {
  for (const step of [...steps, { signal: "SIGKILL", waitMs: 10_000 } as const]) {
    signal(identity, step.signal);
    signal(identity, "SIGCONT");
    if (await waitUntilGone(identity, step.waitMs)) return;
  }
}

function beganOnLinux(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The command's name stands in parentheses and may itself hold any character.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0];
    const startTicks = fields[19];
    if (startTicks === undefined || state === "Z" || state === "X") return null;
    return `${bootId()}:${startTicks}`;
  } catch {
    return null;
  }
}

let cachedBootId: string | undefined;

function bootId(): string {
  if (cachedBootId === undefined) {
    try {
      cachedBootId = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim().slice(0, 8);
    } catch {
      cachedBootId = "boot";
    }
  }
  return cachedBootId;
}

function beganElsewhere(pid: number): string | null {
  const result = spawnSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8" });
  const [state, ...began] = (result.stdout ?? "").trim().split(/\s+/);
  return result.status === 0 && state && !state.startsWith("Z") && began.length > 0 ? began.join(" ") : null;
}
