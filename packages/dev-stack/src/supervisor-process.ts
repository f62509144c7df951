import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerCommand } from "./supervisor.ts";

// The program that supervisor.ts forks. It loads nothing but Node's own modules, because every test file waits for it.

export type SupervisorRequest =
  | { readonly type: "spawn"; readonly id: number; readonly server: ServerCommand }
  | { readonly type: "own" | "disown"; readonly folder: string };

export interface SupervisorReply {
  readonly id: number;
  readonly pid?: number;
  readonly error?: string;
}

const END_TIMEOUT_MS = 3_000;

const servers = new Map<ChildProcess, NodeJS.Signals>();
const folders = new Set<string>();
let ending = false;

function start(server: ServerCommand): Promise<number> {
  return new Promise((resolve, reject) => {
    const log = openSync(server.log, "a");
    const child = spawn(server.command, [...server.args], {
      detached: true,
      env: { ...process.env, ...server.env },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    servers.set(child, server.endSignal);
    child.on("error", (error) => {
      servers.delete(child);
      reject(error);
    });
    child.on("exit", () => servers.delete(child));
    child.on("spawn", () => resolve(child.pid ?? 0));
  });
}

function signalAll(pick: (endSignal: NodeJS.Signals) => NodeJS.Signals): void {
  for (const [child, endSignal] of servers) {
    child.kill(pick(endSignal));
    child.kill("SIGCONT");
  }
}

async function endEverything(): Promise<void> {
  if (ending) return;
  ending = true;
  signalAll((endSignal) => endSignal);
  const deadline = Date.now() + END_TIMEOUT_MS;
  while (servers.size > 0 && Date.now() < deadline) await sleep(5);
  signalAll(() => "SIGKILL");
  while (servers.size > 0) await sleep(5);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

function reply(message: SupervisorReply): void {
  if (process.connected) process.send?.(message);
}

process.on("message", (request: SupervisorRequest) => {
  if (request.type === "spawn") {
    start(request.server).then(
      (pid) => reply({ id: request.id, pid }),
      (error: Error) => reply({ id: request.id, error: error.message }),
    );
  } else if (request.type === "own") {
    folders.add(request.folder);
  } else {
    folders.delete(request.folder);
  }
});
process.on("disconnect", () => void endEverything());
process.on("SIGTERM", () => void endEverything());
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});
