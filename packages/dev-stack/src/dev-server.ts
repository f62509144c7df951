import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { DevStackError } from "./errors.ts";
import { identify, type ProcessIdentity } from "./process-identity.ts";
import type { ServerLog } from "./server-log.ts";

/** A server of a stack that runs. */
export interface RunningServer {
  readonly process: ProcessIdentity;
  readonly url: string;
  /** E.g. `valkey 9.1.2`. */
  readonly version: string;
  /** False while it reads its data, and when it hangs. */
  readonly answers: boolean;
}

/**
 * One of the two servers of a stack. Its state is what is in its folder and what runs, never what a process remembers:
 * each command looks again, so that it does not matter who started the server and who was killed since.
 */
export interface DevServer {
  readonly name: "redis" | "postgres";
  /** The variable that gives its address, and that replaces it when it is set. */
  readonly variable: "REDIS_URL" | "DATABASE_URL";
  /** The address that it had last, running or not. */
  lastUrl(): string | null;
  /** The server of this folder, if it runs. Changes nothing. */
  look(): Promise<RunningServer | null>;
  /** The running server; one that hangs is replaced, one that is down is started. */
  up(): Promise<RunningServer>;
  /** Ends it if it runs, keeping its data; true when it did run. */
  stop(): Promise<boolean>;
}

export const START_ATTEMPTS = 10;

/** Spawns a server that outlives this process. */
export async function spawnDetached(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  log: ServerLog,
): Promise<ProcessIdentity> {
  log.mark();
  const output = log.open();
  try {
    const child = spawn(command, [...args], {
      detached: true,
      env: { ...process.env, ...env },
      stdio: ["ignore", output, output],
    });
    await spawned(child, command);
    child.unref();
    const pid = child.pid ?? 0;
    return identify(pid) ?? { pid, began: "" };
  } finally {
    closeSync(output);
  }
}

function spawned(child: ChildProcess, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => reject(new DevStackError(`Could not start ${command}: ${error.message}.`)));
  });
}
