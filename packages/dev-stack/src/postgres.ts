import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BusyError, DevStackError } from "./errors.ts";
import { freePort, LOOPBACK } from "./port.ts";
import { type PostgresBinaries, postgresBinaries } from "./postgres-binary.ts";
import { createCluster, discardTemplate, SUPERUSER, serverInvocation } from "./postgres-cluster.ts";
import { postgresQuery } from "./postgres-probe.ts";
import { postgresReady } from "./postgres-readiness.ts";
import { end, isRunning, type ProcessIdentity, signal, waitUntilGone } from "./process-identity.ts";
import { ServerLog } from "./server-log.ts";
import { supervisor } from "./supervisor.ts";

export interface PostgresOptions {
  /** Database to create and to name in the url. Default: `postgres`, which every cluster has. */
  readonly database?: string;
}

/** A running Postgres with a cluster of its own on loopback. It ends with this process, however this process ends. */
export interface PostgresServer {
  /** As the superuser `postgres`, without a password. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Of the last process; a new one after `start()`. */
  readonly pid: number;
  /** Ends it and removes its cluster; has no effect the second time. */
  stop(): Promise<void>;
  /** Sends a signal to the postmaster, by default SIGKILL, and waits until it is gone. The cluster stays. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again after `kill()`: same port, same cluster. */
  start(): Promise<void>;
}

const CREATE_TIMEOUT_MS = 30_000;
const KILL_TIMEOUT_MS = 15_000;
const ATTEMPTS = 10;

// Committed rows survive the end of a process without fsync; only a power cut would take them, and no test has one.
const SETTINGS = { fsync: "off", full_page_writes: "off", shared_buffers: "32MB" };

/**
 * Starts a Postgres for a test and waits until it takes queries. Several may run at once.
 * @throws {DevStackError} no Postgres was found, or it ended at once (the message holds its last output).
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const binaries = await postgresBinaries();
  const folder = mkdtempSync(join(tmpdir(), "cachepact-postgres-"));
  supervisor().own(folder);
  const server = new TemporaryPostgres(binaries, folder, options.database ?? SUPERUSER);
  try {
    await server.launch();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

class TemporaryPostgres implements PostgresServer {
  readonly host: string = LOOPBACK;
  readonly #binaries: PostgresBinaries;
  readonly #folder: string;
  readonly #database: string;
  #port = 0;
  #process: ProcessIdentity | null = null;
  #stopped = false;

  constructor(binaries: PostgresBinaries, folder: string, database: string) {
    this.#binaries = binaries;
    this.#folder = folder;
    this.#database = database;
  }

  get url(): string {
    return `postgres://${SUPERUSER}@${this.host}:${this.port}/${encodeURIComponent(this.#database)}`;
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async launch(): Promise<void> {
    const fromTemplate = await createCluster(this.#binaries, this.#data);
    try {
      await this.#runSomewhere();
    } catch (error) {
      if (!fromTemplate) throw error;
      discardTemplate(this.#binaries);
      rmSync(this.#data, { recursive: true, force: true });
      await createCluster(this.#binaries, this.#data, false);
      await this.#runSomewhere();
    }
    if (this.#database === SUPERUSER) return;
    const name = `"${this.#database.replaceAll('"', '""')}"`;
    await postgresQuery(
      { host: this.host, port: this.port, database: SUPERUSER },
      `CREATE DATABASE ${name}`,
      CREATE_TIMEOUT_MS,
    );
  }

  async start(): Promise<void> {
    if (this.#stopped)
      throw new DevStackError("Could not start this Postgres again: stop() removed it. Call startPostgres().");
    if (this.#process && isRunning(this.#process)) {
      throw new DevStackError(`Could not start this Postgres: it runs already (pid ${this.pid}). Call kill() first.`);
    }
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#run();
      } catch (error) {
        // The backends of a killed postmaster notice its end by themselves; until then they hold its shared memory.
        if (attempt >= ATTEMPTS || !(error instanceof BusyError)) throw error;
        await sleep(50 * attempt);
      }
    }
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    // SIGQUIT ends all its processes at once and gives their shared memory back, which SIGKILL would not.
    if (this.#process) await end(this.#process, [{ signal: "SIGQUIT", waitMs: 5_000 }]);
    if (this.#process) supervisor().forget(this.#process);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    supervisor().disown(this.#folder);
  }

  async kill(name: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const running = this.#process;
    if (!running || !signal(running, name)) return;
    if (!(await waitUntilGone(running, KILL_TIMEOUT_MS))) {
      throw new DevStackError(
        `Postgres (pid ${running.pid}) still runs ${KILL_TIMEOUT_MS} ms after ${name}. Use SIGKILL.`,
      );
    }
  }

  get #data(): string {
    return join(this.#folder, "data");
  }

  /** Looks for a port until one is still free when the server takes it. */
  async #runSomewhere(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#port = await freePort();
      try {
        return await this.#run();
      } catch (error) {
        if (attempt >= ATTEMPTS || !(error instanceof BusyError)) throw error;
      }
    }
  }

  async #run(): Promise<void> {
    const log = new ServerLog(join(this.#folder, "server.log"));
    log.mark();
    if (this.#process) supervisor().forget(this.#process);
    const invocation = serverInvocation(this.#binaries, this.#data, this.#port, SETTINGS);
    this.#process = await supervisor().spawn({ ...invocation, log: log.path, endSignal: "SIGQUIT" });
    await postgresReady(this.#process, this.#data, this.#port, this.#binaries.postgres, log);
  }
}
