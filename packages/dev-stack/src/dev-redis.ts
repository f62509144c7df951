import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type DevServer, type RunningServer, START_ATTEMPTS, spawnDetached } from "./dev-server.ts";
import { BusyError } from "./errors.ts";
import { firstPort, freePort, LOOPBACK } from "./port.ts";
import { end, identify, isRunning, type ProcessIdentity, signal } from "./process-identity.ts";
import { redisBinary } from "./redis-binary.ts";
import { type RedisConfig, redisConfigText } from "./redis-config.ts";
import { answersAsRedis, identifyRedis, type RedisIdentity, redisCommands } from "./redis-probe.ts";
import { redisReady } from "./redis-readiness.ts";
import { ServerLog } from "./server-log.ts";
import { readRecord, writeRecord } from "./server-record.ts";

const DEFAULT_PORT = 6390;
// The append-only file keeps the data over a restart; volatile-lfu, because write-behind refuses allkeys-*.
const CONFIG: RedisConfig = { maxmemory: "256mb", "maxmemory-policy": "volatile-lfu", appendonly: "yes" };
const STOP_STEPS = [{ signal: "SIGTERM", waitMs: 10_000 }] as const;
const STARTING_MS = 1_000;
const UNANSWERED_MS = 30_000;
const POLL_MS = 20;

/** The Redis-compatible server of a stack, with its data in `folder`. */
export class DevRedis implements DevServer {
  readonly name = "redis";
  readonly variable = "REDIS_URL";
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
    if (server === null) return null;
    const address = { host: LOOPBACK, port: server.port };
    const identity = await identifyRedis(address);
    // A password that somebody set, or a long script: it refuses INFO, and it lives.
    const answers = identity?.ready ?? (await answersAsRedis(address, 500));
    return describe(server.process, server.port, identity, answers);
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

  get #record(): string {
    return join(this.#folder, "server.json");
  }

  /** The server that runs already, once it answers; it is ended if it never does. */
  async #adopt(): Promise<RunningServer | null> {
    let server = await this.look();
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
    const binary = await redisBinary();
    mkdirSync(this.#folder, { recursive: true });
    const log = new ServerLog(join(this.#folder, "server.log"));
    const configFile = join(this.#folder, "server.conf");
    for (let attempt = 1; ; attempt++) {
      const port = await freePort(
        attempt === 1 ? (readRecord(this.#record)?.port ?? firstPort(DEFAULT_PORT)) : undefined,
      );
      writeFileSync(configFile, redisConfigText(port, this.#folder, CONFIG));
      writeRecord(this.#record, { port, process: "starting" });
      const server = await spawnDetached(binary, [configFile], {}, log);
      try {
        const identity = await redisReady(server, { host: LOOPBACK, port }, binary, log);
        writeRecord(this.#record, { port, process: server });
        return describe(server, port, identity, true);
      } catch (error) {
        await end(server, []);
        if (!(error instanceof BusyError) || attempt >= START_ATTEMPTS) {
          writeRecord(this.#record, { port, process: "none" });
          throw error;
        }
        // Who has the port may be our own server, left by a start that was killed.
        const other = await this.#adopt();
        if (other) return other;
      }
    }
  }

  /** The process that serves this folder, whether or not it answers. */
  async #process(): Promise<{ process: ProcessIdentity; port: number } | null> {
    const record = readRecord(this.#record);
    if (record === null || record.process === "none") return null;
    const { port } = record;
    if (record.process !== "starting") return isRunning(record.process) ? { process: record.process, port } : null;
    const deadline = Date.now() + STARTING_MS;
    do {
      const process = await this.#ownerOf(port);
      if (process) {
        writeRecord(this.#record, { port, process });
        return { process, port };
      }
      await sleep(POLL_MS);
    } while (Date.now() < deadline);
    writeRecord(this.#record, { port, process: "none" });
    return null;
  }

  /** The process at this port if it keeps its data in our folder. */
  async #ownerOf(port: number): Promise<ProcessIdentity | null> {
    const address = { host: LOOPBACK, port };
    const identity = await identifyRedis(address);
    if (identity === null) return null;
    const [reply] = await redisCommands(address, [["CONFIG", "GET", "dir"]]).catch(() => [null]);
    const folder = Array.isArray(reply) ? reply[1] : null;
    return typeof folder === "string" && folder === realpathSync(this.#folder) ? identify(identity.pid) : null;
  }
}

function describe(
  process: ProcessIdentity,
  port: number,
  identity: RedisIdentity | null,
  answers: boolean,
): RunningServer {
  return { process, url: urlOf(port), version: identity ? `${identity.kind} ${identity.version}` : "redis", answers };
}

function urlOf(port: number): string {
  return `redis://${LOOPBACK}:${port}`;
}
