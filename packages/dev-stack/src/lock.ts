import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, DevStackError } from "./errors.ts";
import { identify, isRunning, type ProcessIdentity } from "./process-identity.ts";

interface Holder extends ProcessIdentity {
  /** Unique for each time that the lock is taken. */
  readonly token: string;
}

const POLL_MS = 10;

/**
 * Runs `work` while no other process holds the lock file at `path`. The lock of a dead process counts as free.
 * @throws {DevStackError} when a live process still holds it after `timeoutMs`.
 */
export async function withLock<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (let mine = tryAcquire(path); ; mine = tryAcquire(path)) {
    if (mine) {
      try {
        return await work();
      } finally {
        rmSync(path, { force: true });
      }
    }
    if (Date.now() >= deadline) {
      const holder = read(path);
      throw new DevStackError(
        `Waited ${timeoutMs} ms for ${path}, which process ${holder?.pid ?? "?"} holds. End that process or try again.`,
      );
    }
    await sleep(POLL_MS);
  }
}

/**
 * Takes the lock if it is free, or if its holder is dead.
 *
 * A dead holder's file is replaced under a second lock that is named after that holder's token: of several processes
 * that found it dead, one replaces it, and a late one finds another token and leaves the new lock alone. Removing the
 * file first, and then taking the lock, would remove the lock of whoever was quicker.
 */
function tryAcquire(path: string): boolean {
  const self = identify(process.pid) ?? { pid: process.pid, began: "" };
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify({ ...self, token: randomUUID() } satisfies Holder));
  try {
    // Linking is the one way to create a file together with its content, and only if the name is free.
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    const holder = read(path);
    if (holder === null || isRunning(holder)) return false;
    const claim = `${path}.${holder.token}`;
    if (!tryAcquire(claim)) return false;
    try {
      if (read(path)?.token !== holder.token) return false;
      renameSync(draft, path);
      return true;
    } finally {
      rmSync(claim, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

function read(path: string): Holder | null {
  try {
    const holder: Holder = JSON.parse(readFileSync(path, "utf8"));
    return holder;
  } catch {
    return null;
  }
}
