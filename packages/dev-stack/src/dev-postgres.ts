import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type DevServer, type RunningServer, START_ATTEMPTS, spawnDetached } from "./dev-server.ts";
import { BusyError } from "./errors.ts";
import { firstPort, freePort, LOOPBACK } from "./port.ts";
import { type PostgresBinaries, postgresBinaries } from "./postgres-binary.ts";
import { createCluster, SUPERUSER, serverInvocation } from "./postgres-cluster.ts";
import { postgresReady, readPidFile, takesQueries } from "./postgres-readiness.ts";
import { end, identify, isRunning, type ProcessIdentity, signal } from "./process-identity.ts";
import { ServerLog } from "./server-log.ts";
import { readRecord, writeRecord } from "./server-record.ts";

const DEFAULT_PORT = 5490;
// SIGINT is a fast shutdown, SIGQUIT an immediate one that recovers at the next start.
const STOP_STEPS = [
  { signal: "SIGINT", waitMs: 15_000 },
  { signal: "SIGQUIT", waitMs: 5_000 },
] as const;
const STARTING_MS = 1_000;
const UNANSWERED_MS = 60_000;
const POLL_MS = 20;

/** The Postgres of a stack, with its cluster in `folder`. */
export class DevPostgres implements DevServer {
  readonly name = "postgres";
  readonly variable = "DATABASE_URL";
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  lastUrl(): string | null {
    const record = readRecord(this.#record);
    return record && urlOf(record.port);
  }

  async look(): Promise<RunningServer | null> {
    const server = await this.#process();
    return server && this.#describe(server.process, server.port, await takesQueries(server.port));
  }

  async up(): Promise<RunningServer> {
    return (await this.#adopt()) ?? (await this.#start());
  }

  async stop(): Promise<boolean> {
    const server = await this.#process();
    if (server === null) return false;
    await end(server.process, STOP_STEPS);
    return true;
  }

  get #data(): string {
    return join(this.#folder, "data");
  }

  get #record(): string {
    return join(this.#folder, "server.json");
  }

  /** The server that runs already, once it takes queries; it is ended if it never does. */
  async #adopt(): Promise<RunningServer | null> {
    let server = await this.look();
    // A server that was killed replays its log first, which may take a while.
    const deadline = Date.now() + UNANSWERED_MS;
    while (server && !server.answers) {
      signal(server.process, "SIGCONT");
      if (Date.now() >= deadline) await end(server.process, STOP_STEPS);
      await sleep(POLL_MS);
      server = await this.look();
    }
    return server;
  }

  async #start(): Promise<RunningServer> {
    const binaries = await postgresBinaries();
    mkdirSync(this.#folder, { recursive: true });
    await this.#makeCluster(binaries);
    const log = new ServerLog(join(this.#folder, "server.log"));
    let port = await freePort(readRecord(this.#record)?.port ?? firstPort(DEFAULT_PORT));
    for (let attempt = 1; ; attempt++) {
      this.#removeForeignPidFile();
      writeRecord(this.#record, { port, process: "starting" });
      const { command, args, env } = serverInvocation(binaries, this.#data, port, {});
      const server = await spawnDetached(command, args, env, log);
      try {
        await postgresReady(server, this.#data, port, binaries.postgres, log);
        writeRecord(this.#record, { port, process: server });
        return this.#describe(server, port, true);
      } catch (error) {
        await end(server, STOP_STEPS);
        if (!(error instanceof BusyError) || attempt >= START_ATTEMPTS) {
          writeRecord(this.#record, { port, process: "none" });
          throw error;
        }
        // Who holds the cluster may be our own server, left by a start that was killed.
        const other = await this.#adopt();
        if (other) return other;
        // Whoever uses the stack has its port: given up only if somebody else listens there now.
        if (error.inUse === "port") port = await freePort();
        await sleep(50 * attempt);
      }
    }
  }

  async #makeCluster(binaries: PostgresBinaries): Promise<void> {
    if (existsSync(join(this.#data, "PG_VERSION"))) return;
    // Under another name until it is whole: a start that is killed here leaves nothing that looks like a cluster.
    const draft = `${this.#data}.draft`;
    rmSync(draft, { recursive: true, force: true });
    await createCluster(binaries, draft);
    renameSync(draft, this.#data);
  }

  /** The postmaster of our cluster, whether or not it answers. */
  async #process(): Promise<{ process: ProcessIdentity; port: number } | null> {
    const record = readRecord(this.#record);
    if (record && typeof record.process === "object" && isRunning(record.process)) {
      return { process: record.process, port: record.port };
    }
    const deadline = Date.now() + (record?.process === "starting" ? STARTING_MS : 0);
    do {
      const file = readPidFile(this.#data);
      const process = file && identify(file.pid);
      if (file && process && this.#serves(file.pid)) return { process, port: file.port };
      await sleep(POLL_MS);
    } while (Date.now() < deadline);
    if (record?.process === "starting") writeRecord(this.#record, { port: record.port, process: "none" });
    return null;
  }

  /** True when the process runs on our cluster: a pid file outlives its server, and its pid may be somebody else's by now. */
  #serves(pid: number): boolean {
    return commandLine(pid).includes(this.#data);
  }

  /** Postgres believes any process of this user that has the pid in its file; a reboot or a new container makes one. */
  #removeForeignPidFile(): void {
    const file = readPidFile(this.#data);
    if (file && identify(file.pid) && !this.#serves(file.pid))
      rmSync(join(this.#data, "postmaster.pid"), { force: true });
  }

  #describe(process: ProcessIdentity, port: number, answers: boolean): RunningServer {
    const version = readFileSync(join(this.#data, "PG_VERSION"), "utf8").trim();
    return { process, url: urlOf(port), version: `postgres ${version}`, answers };
  }
}

function urlOf(port: number): string {
  return `postgres://${SUPERUSER}@${LOOPBACK}:${port}/${SUPERUSER}`;
}

function commandLine(pid: number): string {
  if (process.platform === "linux") {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    } catch {
      return "";
    }
  }
  return spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
}
