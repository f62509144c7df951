import { spawn } from "node:child_process";
import { constants } from "node:os";
import { DevStackError } from "./errors.ts";
import { type HoldOptions, hold } from "./hold.ts";

/**
 * Runs a command with the stack up and its variables set, and gives the command's exit code: 128 + number of the
 * signal that ended it, as shells do. Releases the stack before it returns.
 * @throws {DevStackError} the command cannot be started.
 */
export async function runWithStack(
  command: string,
  args: readonly string[],
  options: HoldOptions = {},
): Promise<number> {
  let interrupted = false;
  // A terminal sends SIGINT to the command as well; this process only outlives it, to wait for the servers' end.
  process.on("SIGINT", () => {
    interrupted = true;
  });
  const claim = await hold(options);
  try {
    if (interrupted) return 128 + constants.signals.SIGINT;
    const child = spawn(command, args, { env: { ...process.env, ...claim.environment }, stdio: "inherit" });
    const forward = (name: NodeJS.Signals): boolean => child.kill(name);
    const ended = new Promise<number>((resolve, reject) => {
      child.once("error", (error) => reject(new DevStackError(`Could not run ${command}: ${error.message}.`)));
      child.once("exit", (code, name) => resolve(code ?? 128 + (name ? constants.signals[name] : 0)));
    });
    for (const name of ["SIGTERM", "SIGHUP"] as const) process.on(name, forward);
    if (child.pid !== undefined) claim.watch(child.pid);
    endWithParent(() => child.kill("SIGTERM"));
    return await ended;
  } finally {
    await claim.release();
  }
}

const PARENT_POLL_MS = 500;

/**
 * Calls `stop` once when the parent of this process dies, if that parent is a package manager's shell: a SIGTERM to
 * npm or pnpm ends only that shell, and the script that it ran is never told.
 */
export function endWithParent(stop: () => void): void {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, PARENT_POLL_MS);
  timer.unref();
}
