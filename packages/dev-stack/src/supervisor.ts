import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DevStackError } from "./errors.ts";
import { identify, type ProcessIdentity, signal } from "./process-identity.ts";
import type { SupervisorReply, SupervisorRequest } from "./supervisor-process.ts";

/** A server to run. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** File that its output is appended to. */
  readonly log: string;
  /** What ends it when this process dies; SIGKILL follows. */
  readonly endSignal: NodeJS.Signals;
}

/**
 * The process that runs this process's temporary servers, and outlives it just long enough to end them.
 *
 * A `finally`, an exit handler and a signal handler all miss `kill -9`. A second process whose channel to this one
 * closes misses nothing: however this process ends, the supervisor ends the servers and removes their folders. It
 * also spawns them, so that no moment exists in which a server runs that it does not know.
 */
class Supervisor {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, { resolve: (pid: number) => void; reject: (error: Error) => void }>();
  readonly #servers = new Set<ProcessIdentity>();
  #nextId = 1;
  dead = false;

  constructor() {
    const sibling = import.meta.url.endsWith(".ts") ? "./supervisor-process.ts" : "./supervisor-process.js";
    this.#child = fork(fileURLToPath(new URL(sibling, import.meta.url)), {
      // A process group of its own: Ctrl-C ends the tests, then the supervisor ends the servers.
      detached: true,
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#child.on("message", (reply: SupervisorReply) => this.#settle(reply));
    this.#child.on("error", (error) => this.#lost(error.message));
    this.#child.on("exit", (code, name) => this.#lost(`it ended with ${name ?? code}`));
    // A forgotten stop() must not keep a finished program running.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /** Spawns a server and gives its identity; says nothing about whether it is ready. */
  async spawn(server: ServerCommand): Promise<ProcessIdentity> {
    const id = this.#nextId++;
    this.#child.channel?.ref();
    try {
      const pid = await new Promise<number>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        this.#send({ type: "spawn", id, server });
      });
      const identity = identify(pid) ?? { pid, began: "" };
      this.#servers.add(identity);
      return identity;
    } finally {
      if (this.#pending.size === 0) this.#child.channel?.unref();
    }
  }

  /** From now on the folder is removed when this process dies. */
  own(folder: string): void {
    this.#send({ type: "own", folder });
  }

  disown(folder: string): void {
    this.#send({ type: "disown", folder });
  }

  forget(identity: ProcessIdentity): void {
    this.#servers.delete(identity);
  }

  #send(request: SupervisorRequest): void {
    if (!this.dead && this.#child.connected) this.#child.send(request);
    else if (request.type === "spawn") this.#settle({ id: request.id, error: "its supervisor process is gone" });
  }

  #settle(reply: SupervisorReply): void {
    const waiter = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.pid !== undefined) waiter?.resolve(reply.pid);
    else waiter?.reject(new DevStackError(`Could not start a server: ${reply.error}`));
  }

  #lost(why: string): void {
    if (this.dead) return;
    this.dead = true;
    // Nobody would end these servers any more if this process were killed now.
    for (const server of this.#servers) signal(server, "SIGKILL");
    for (const id of this.#pending.keys()) this.#settle({ id, error: `its supervisor process is gone, ${why}` });
  }
}

let current: Supervisor | undefined;

/** The supervisor of this process; one serves all its servers. */
export function supervisor(): Supervisor {
  if (!current || current.dead) current = new Supervisor();
  return current;
}
