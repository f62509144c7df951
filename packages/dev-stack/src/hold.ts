import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Environment } from "./env-file.ts";
import { rootFolder } from "./root-folder.ts";
import { Stack, type UpOptions } from "./stack.ts";

export type HoldOptions = Pick<UpOptions, "ports">;

/** A claim on the stack of this process. */
export interface Hold {
  readonly environment: Environment;
  /** Names a command that runs on this process's behalf: when this process is killed, the command ends too. */
  watch(pid: number): void;
  /** Gives the claim back and waits until servers that nobody else needs have stopped. */
  release(): Promise<void>;
}

/**
 * Starts the stack, or joins it, for as long as this process lives.
 *
 * The guard is started before the servers: from then on nothing that happens to this process, `kill -9` included,
 * leaves a server behind. While other processes hold the stack, or an `up` keeps it, it stays up.
 */
export async function hold(options: HoldOptions = {}): Promise<Hold> {
  const root = rootFolder();
  const stack = new Stack(root);
  const guard = startGuard(root, stack.folder);
  const release = async (): Promise<void> => {
    const ended = new Promise<void>((resolve) => {
      if (guard.exitCode !== null || guard.signalCode !== null) resolve();
      else guard.once("exit", () => resolve());
    });
    guard.ref();
    guard.stdin?.end();
    await ended;
    // The guard may have been killed before it came to it.
    if (guard.exitCode !== 0) await stack.release(process.pid);
  };
  try {
    const environment = await stack.hold(process.pid, options);
    return { environment, release, watch: (pid) => void guard.stdin?.write(`child ${pid}\n`) };
  } catch (error) {
    await release();
    throw error;
  }
}

function startGuard(root: string, folder: string): ChildProcess {
  mkdirSync(folder, { recursive: true });
  const log = openSync(join(folder, "guard.log"), "w");
  const program = fileURLToPath(
    new URL(import.meta.url.endsWith(".ts") ? "./guard.ts" : "./guard.js", import.meta.url),
  );
  try {
    const guard = spawn(process.execPath, [program, root, String(process.pid)], {
      detached: true,
      stdio: ["pipe", log, log],
    });
    // Writing to a guard that was killed is no reason to fail: release() does its work then.
    guard.stdin?.on("error", () => {});
    guard.unref();
    if (guard.stdin instanceof Socket) guard.stdin.unref();
    return guard;
  } finally {
    closeSync(log);
  }
}
