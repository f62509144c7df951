import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Stack } from "../src/stack.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command, running on a root folder of its own. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has printed so far. */
  stdout(): string;
}

/** Starts the command in a process group of its own, as a shell starts a job: a signal to the group is a Ctrl-C. */
export function startCommand(root: string, args: readonly string[], env: Record<string, string> = {}): Running {
  const { REDIS_URL: _redis, DATABASE_URL: _database, npm_lifecycle_event: _script, ...inherited } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    detached: true,
    env: { ...inherited, CACHEPACT_DEV_DIR: root, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { process: child, ended, stdout: () => stdout };
}

/** Runs the command to its end. */
export async function runCommand(root: string, args: readonly string[], env?: Record<string, string>): Promise<Ended> {
  const running = startCommand(root, args, env);
  running.process.stdin?.end();
  return running.ended;
}

/** An empty folder for a stack. */
export function temporaryRoot(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "cachepact-stack-")));
}

/** Stops the stack of a root folder and removes the folder. */
export async function removeRoot(root: string): Promise<void> {
  await new Stack(root).down();
  rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
