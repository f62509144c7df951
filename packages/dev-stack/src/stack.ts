import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DevPostgres } from "./dev-postgres.ts";
import { DevRedis } from "./dev-redis.ts";
import type { DevServer, RunningServer } from "./dev-server.ts";
import { type Environment, readEnvFile, writeEnvFile } from "./env-file.ts";
import { answersAt, checkGivenServer } from "./given-server.ts";
import { Holders } from "./holders.ts";
import { withLock } from "./lock.ts";
import { freePort, isFree, parsePort } from "./port.ts";
import { rootFolder } from "./root-folder.ts";

export interface UpOptions {
  /** Service ports to choose, by variable: the number is preferred, another one is taken if it is in use. */
  readonly ports?: Readonly<Record<string, number>>;
  /** True: the servers stay until `down`. False: until the last holder leaves. Default true. */
  readonly keep?: boolean;
}

export interface DownOptions {
  /** Stop only this server, for example to see a service without its cache. Default: both. */
  readonly only?: "redis" | "postgres";
}

/** What one server of a stack is at the moment. */
export interface ServerStatus {
  readonly name: "redis" | "postgres";
  /** `silent`: it runs and does not answer. `given`: the environment names a server that is not the stack's own. */
  readonly state: "running" | "silent" | "down" | "given";
  readonly url?: string;
  readonly pid?: number;
  readonly version?: string;
}

export interface StackStatus {
  readonly folder: string;
  readonly servers: readonly ServerStatus[];
  /** Processes that hold the stack. */
  readonly holders: readonly number[];
  /** True after an `up` that nobody took back with `down`. */
  readonly kept: boolean;
  readonly environment: Environment;
}

// The first `up` of a machine makes a cluster, and others wait for it.
const LOCK_TIMEOUT_MS = 120_000;

/**
 * The Redis and the Postgres of one root folder, with their state in its `.dev`.
 *
 * Every method may be called by any process at any time; those that change something take the lock of the folder.
 */
export class Stack {
  /** `<root>/.dev`. */
  readonly folder: string;
  readonly #servers: readonly DevServer[];
  readonly #holders: Holders;

  constructor(root: string = rootFolder()) {
    this.folder = join(root, ".dev");
    this.#servers = [new DevRedis(join(this.folder, "redis")), new DevPostgres(join(this.folder, "postgres"))];
    this.#holders = new Holders(join(this.folder, "holders"));
  }

  /**
   * Makes sure that both servers run, or answer where `REDIS_URL` or `DATABASE_URL` says, and gives the variables
   * that programs need; they are in `.dev/env` as well.
   * @throws {DevStackError} a server was not found, did not start, or does not answer at the given address.
   */
  async up(options: UpOptions = {}): Promise<Environment> {
    return this.#locked(async () => {
      const environment = await this.#up(options);
      if (options.keep !== false) writeFileSync(this.#keepFile, "");
      return environment;
    });
  }

  /** `up` for as long as the process `pid` lives; its guard calls `release`. */
  async hold(pid: number, options: UpOptions = {}): Promise<Environment> {
    return this.#locked(() => {
      this.#holders.add(pid);
      return this.#up(options, pid);
    });
  }

  /** Takes back `hold`; stops the servers if nobody else holds them and no `up` keeps them. */
  async release(pid: number): Promise<void> {
    await this.#locked(async () => {
      this.#holders.remove(pid);
      if (this.#holders.live().length > 0 || existsSync(this.#keepFile)) return;
      await this.#stop(this.#servers);
    });
  }

  /** Stops the servers, whoever holds them, and gives the names of those that ran. Data and ports stay. */
  async down(options: DownOptions = {}): Promise<string[]> {
    if (!existsSync(this.folder)) return [];
    return this.#locked(async () => {
      if (options.only === undefined) rmSync(this.#keepFile, { force: true });
      return this.#stop(this.#servers.filter((server) => options.only === undefined || server.name === options.only));
    });
  }

  /** What runs at the moment. Starts and stops nothing, but waits for an `up` that is under way. */
  async status(): Promise<StackStatus> {
    return existsSync(this.folder) ? this.#locked(() => this.#status()) : this.#status();
  }

  get #envFile(): string {
    return join(this.folder, "env");
  }

  get #keepFile(): string {
    return join(this.folder, "kept");
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    mkdirSync(this.folder, { recursive: true });
    return withLock(join(this.folder, "lock"), LOCK_TIMEOUT_MS, work);
  }

  async #up(options: UpOptions, self?: number): Promise<Environment> {
    const before = readEnvFile(this.#envFile);
    const found = await Promise.all(this.#servers.map((server) => server.look()));
    // Whoever uses the stack now has its service ports already: one that is in use may be theirs.
    const inUse = found.some((server) => server !== null) || this.#holders.live().some((pid) => pid !== self);
    const ports = await choosePorts(options.ports ?? {}, before, inUse);
    const outcomes = await Promise.allSettled(
      this.#servers.map(async (server, i) => [server.variable, await this.#address(server, found[i] ?? null)] as const),
    );
    const addresses: Record<string, string> = {};
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        // Half a stack is of no use to the caller, and nobody would stop it.
        if (!inUse) await this.#stop(this.#servers);
        throw outcome.reason;
      }
      const [variable, address] = outcome.value;
      addresses[variable] = address;
    }
    const environment = { ...before, ...addresses, ...ports };
    writeEnvFile(this.#envFile, environment);
    return environment;
  }

  /** The address of one server, which runs or answers when this returns. */
  async #address(server: DevServer, found: RunningServer | null): Promise<string> {
    const given = process.env[server.variable];
    if (!given || given === found?.url) return (found?.answers ? found : await server.up()).url;
    // Programs that the stack started carry its own addresses in their environment: those are not foreign.
    const own = given === server.lastUrl() && !(await answersAt(server.variable, given));
    if (own) return (await server.up()).url;
    await checkGivenServer(server.variable, given);
    return given;
  }

  async #stop(servers: readonly DevServer[]): Promise<string[]> {
    const ran = await Promise.all(servers.map(async (server) => ((await server.stop()) ? [server.name] : [])));
    return ran.flat();
  }

  async #status(): Promise<StackStatus> {
    return {
      folder: this.folder,
      servers: await Promise.all(this.#servers.map((server) => this.#statusOf(server))),
      holders: this.#holders.live(),
      kept: existsSync(this.#keepFile),
      environment: readEnvFile(this.#envFile),
    };
  }

  async #statusOf(server: DevServer): Promise<ServerStatus> {
    const found = await server.look();
    const given = process.env[server.variable];
    if (given && given !== found?.url && given !== server.lastUrl())
      return { name: server.name, state: "given", url: given };
    if (!found) return { name: server.name, state: "down" };
    const state = found.answers ? "running" : "silent";
    return { name: server.name, state, url: found.url, pid: found.process.pid, version: found.version };
  }
}

/** Service ports by variable: as the environment says, as they are if the stack is in use, else free ones. */
async function choosePorts(
  wanted: Readonly<Record<string, number>>,
  before: Environment,
  inUse: boolean,
): Promise<Record<string, string>> {
  const chosen: Record<string, string> = {};
  const usable = async (port: number): Promise<boolean> =>
    !Object.values(chosen).includes(String(port)) && (await isFree(port));
  for (const [name, preferred] of Object.entries(wanted)) {
    const given = process.env[name];
    const last = before[name];
    if (given) chosen[name] = String(parsePort(given, name));
    else if (last !== undefined && inUse) chosen[name] = last;
    else if (await usable(preferred)) chosen[name] = String(preferred);
    else if (last !== undefined && (await usable(Number(last)))) chosen[name] = last;
    else chosen[name] = String(await freePort());
  }
  return chosen;
}
