import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BusyError, DevStackError } from "./errors.ts";
import { freePort, LOOPBACK } from "./port.ts";
import { end, isRunning, type ProcessIdentity, signal, waitUntilGone } from "./process-identity.ts";
import { redisBinary } from "./redis-binary.ts";
import { type RedisConfig, redisConfigText } from "./redis-config.ts";
import type { RedisAddress, RedisIdentity } from "./redis-probe.ts";
import { redisReady } from "./redis-readiness.ts";
import { ServerLog } from "./server-log.ts";
import { supervisor } from "./supervisor.ts";

export interface RedisOptions {
  /** Settings for the configuration file, e.g. `{ maxmemory: "64mb" }`. Default: no persistence, nothing else set. */
  readonly config?: RedisConfig;
  /** Folder for its data, made if absent and kept at `stop()`. Default: a temporary one, removed at `stop()`. */
  readonly dir?: string;
  /** Default: a free one, chosen at random. */
  readonly port?: number;
  /** Path of the server program. Default: `CACHEPACT_REDIS_BINARY`, else the first that is found. */
  readonly binary?: string;
}

/** A running Redis-compatible server on loopback. It ends with this process, however this process ends. */
export interface RedisServer {
  /** With the password, if `requirepass` is among the settings. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Of the last process; a new one after `start()`. */
  readonly pid: number;
  readonly kind: "valkey" | "redis";
  readonly version: string;
  /** Ends it without saving and removes its temporary folder; has no effect the second time. */
  stop(): Promise<void>;
  /** Sends a signal, by default SIGKILL, and waits until the process is gone. The data folder stays. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again after `kill()`: same port, same folder, same settings. */
  start(): Promise<void>;
  /** Freezes the process: connections stay open and nothing is answered. */
  pause(): void;
  resume(): void;
}

const KILL_TIMEOUT_MS = 15_000;
const ATTEMPTS = 10;

/**
 * Starts a Redis-compatible server for a test and waits until it answers. Several may run at once.
 * @throws {DevStackError} no server program was found, or it ended at once (the message holds its last output).
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const binary = await redisBinary(options.binary);
  const folder = options.dir === undefined ? mkdtempSync(join(tmpdir(), "cachepact-redis-")) : resolve(options.dir);
  if (options.dir === undefined) supervisor().own(folder);
  else await mkdir(folder, { recursive: true });
  const server = new TemporaryRedis(binary, folder, options);
  try {
    await server.launch();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

class TemporaryRedis implements RedisServer {
  readonly host: string = LOOPBACK;
  readonly #binary: string;
  readonly #folder: string;
  readonly #options: RedisOptions;
  #port = 0;
  #process: ProcessIdentity | null = null;
  #identity: RedisIdentity | null = null;
  #stopped = false;

  constructor(binary: string, folder: string, options: RedisOptions) {
    this.#binary = binary;
    this.#folder = folder;
    this.#options = options;
  }

  get url(): string {
    const password = this.#options.config?.["requirepass"];
    return `redis://${password ? `:${encodeURIComponent(password)}@` : ""}${this.host}:${this.port}`;
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get kind(): "valkey" | "redis" {
    return this.#identity?.kind ?? "redis";
  }

  get version(): string {
    return this.#identity?.version ?? "unknown";
  }

  /** The first start: looks for a port until one is still free when the server takes it. */
  async launch(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#port = this.#options.port ?? (await freePort());
      writeFileSync(this.#configFile, redisConfigText(this.#port, this.#folder, this.#options.config ?? {}));
      try {
        return await this.#run();
      } catch (error) {
        if (!(error instanceof BusyError) || this.#options.port !== undefined || attempt >= ATTEMPTS) throw error;
      }
    }
  }

  async start(): Promise<void> {
    if (this.#stopped)
      throw new DevStackError("Could not start this Redis again: stop() removed it. Call startRedis().");
    if (this.#process && isRunning(this.#process)) {
      throw new DevStackError(`Could not start this Redis: it runs already (pid ${this.pid}). Call kill() first.`);
    }
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#run();
      } catch (error) {
        // The system may hold the port of a killed process for a moment.
        if (!(error instanceof BusyError) || attempt >= ATTEMPTS) throw error;
        await sleep(50 * attempt);
      }
    }
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#process) await end(this.#process, []);
    if (this.#process) supervisor().forget(this.#process);
    if (this.#options.dir !== undefined) return;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
    supervisor().disown(this.#folder);
  }

  async kill(name: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const running = this.#process;
    if (!running || !signal(running, name)) return;
    if (!(await waitUntilGone(running, KILL_TIMEOUT_MS))) {
      throw new DevStackError(
        `Redis (pid ${running.pid}) still runs ${KILL_TIMEOUT_MS} ms after ${name}. Use SIGKILL.`,
      );
    }
  }

  pause(): void {
    if (this.#process) signal(this.#process, "SIGSTOP");
  }

  resume(): void {
    if (this.#process) signal(this.#process, "SIGCONT");
  }

  get #configFile(): string {
    return join(this.#folder, "server.conf");
  }

  get #address(): RedisAddress {
    const password = this.#options.config?.["requirepass"];
    return { host: this.host, port: this.#port, ...(password ? { password } : {}) };
  }

  async #run(): Promise<void> {
    const log = new ServerLog(join(this.#folder, "server.log"));
    log.mark();
    if (this.#process) supervisor().forget(this.#process);
    this.#process = await supervisor().spawn({
      command: this.#binary,
      args: [this.#configFile],
      log: log.path,
      // Nobody will read this data again; a shutdown that saves would only take time.
      endSignal: "SIGKILL",
    });
    this.#identity = await redisReady(this.#process, this.#address, this.#binary, log);
  }
}
