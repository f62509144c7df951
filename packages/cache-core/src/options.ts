import { CachepactError, checkNamespace, type EntityRecord } from "@cachepact/wire";
import { type Clock, systemClock } from "./clock.ts";
import type { Loader } from "./loader.ts";
import { type Random, systemRandom } from "./random.ts";
import { parseRedisAddress, type RedisAddress } from "./store/redis-address.ts";

/** How long a read may wait for Redis, in ms, before the loader answers: several times a slow network's round trip. */
export const DEFAULT_READ_TIMEOUT_MS = 100;
/** How long a script may take, in ms. Twice a read's: a write that is given up too early costs more than a late one. */
export const DEFAULT_SCRIPT_TIMEOUT_MS = 200;
/** How long a connection attempt may take, in ms. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 1_000;
/** How long a loader's lease stands, in ms, renewed at each third: others wait this long when its holder dies. */
export const DEFAULT_LEASE_MS = 2_000;
/** How long a writer's fence stands, in ms, renewed at each third: a key is uncached this long when its writer dies. */
export const DEFAULT_MARKER_MS = 10_000;
/** How long a floor stands, in ms: longer than replicas lag plus the longest load. */
export const DEFAULT_FLOOR_MS = 60_000;
/** How long a write waits for its invalidation to be acknowledged, in ms, before it goes on in the background. */
export const DEFAULT_DELIVER_TIMEOUT_MS = 1_000;
/** How long `put` waits while nothing of it can have run, in ms: a worker re-arms a restarted Redis within 1.4 s. */
export const DEFAULT_ACCEPT_WAIT_MS = 3_000;
/** Keys that may be quarantined at once; beyond them their whole entity is bypassed. About 5 MB. */
export const DEFAULT_QUARANTINE_MAX_KEYS = 10_000;
/** The hard deadline of a loader, in ms; then its signal is aborted and its result dropped. */
export const DEFAULT_LOAD_TIMEOUT_MS = 10_000;

/** Options of `createCache`. Times are whole milliseconds from 1 to 600,000. */
export interface CacheOptions {
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. Query parameters are refused. */
  readonly redis: string;
  /** Prefix of every key and channel; default "" = none. Services that share entries share the namespace. */
  readonly namespace?: string | undefined;
  /** Default {@link DEFAULT_READ_TIMEOUT_MS}. */
  readonly readTimeoutMs?: number | undefined;
  /** Default {@link DEFAULT_SCRIPT_TIMEOUT_MS}. */
  readonly scriptTimeoutMs?: number | undefined;
  /** Default {@link DEFAULT_CONNECT_TIMEOUT_MS}. */
  readonly connectTimeoutMs?: number | undefined;
  /** Default {@link DEFAULT_LEASE_MS}; more than three times `scriptTimeoutMs`, or one slow renewal loses the lease. */
  readonly leaseMs?: number | undefined;
  /** Default {@link DEFAULT_MARKER_MS}; more than three times `scriptTimeoutMs`. */
  readonly markerMs?: number | undefined;
  /** Default {@link DEFAULT_FLOOR_MS}. */
  readonly floorMs?: number | undefined;
  /** Default {@link DEFAULT_DELIVER_TIMEOUT_MS}. */
  readonly deliverTimeoutMs?: number | undefined;
  /** Default {@link DEFAULT_ACCEPT_WAIT_MS}. */
  readonly acceptWaitMs?: number | undefined;
  /** Default {@link DEFAULT_QUARANTINE_MAX_KEYS}. */
  readonly quarantineMaxKeys?: number | undefined;
  /** Default: the process's clock. */
  readonly clock?: Clock | undefined;
  /** Default: the system's generators. */
  readonly random?: Random | undefined;
}

/** Options of `cache.entity`. */
export interface EntityOptions<Key extends object, Value extends object> {
  /** Reads the source of truth: outside any older snapshot or transaction, from the primary unless `replica_reads`. */
  readonly load: Loader<Key, Value>;
  /**
   * The switch for incidents, asked at each call. `false`: reads go to the loader, writes still invalidate.
   *
   * Default: always on.
   */
  readonly enabled?: (() => boolean) | undefined;
  /** Default {@link DEFAULT_LOAD_TIMEOUT_MS}. */
  readonly loadTimeoutMs?: number | undefined;
}

/** `CacheOptions` with every default filled in. */
export type ResolvedOptions = Readonly<{
  address: RedisAddress;
  namespace: string;
  readTimeoutMs: number;
  scriptTimeoutMs: number;
  connectTimeoutMs: number;
  leaseMs: number;
  markerMs: number;
  floorMs: number;
  deliverTimeoutMs: number;
  acceptWaitMs: number;
  quarantineMaxKeys: number;
  clock: Clock;
  random: Random;
}>;

/** `EntityOptions` with every default filled in. */
export type ResolvedEntityOptions<Key extends object, Value extends object> = Readonly<{
  load: Loader<Key, Value>;
  enabled: () => boolean;
  loadTimeoutMs: number;
}>;

const TIME_MAX_MS = 600_000;
const CACHE_OPTIONS: ReadonlySet<string> = new Set([
  "redis",
  "namespace",
  "readTimeoutMs",
  "scriptTimeoutMs",
  "connectTimeoutMs",
  "leaseMs",
  "markerMs",
  "floorMs",
  "deliverTimeoutMs",
  "acceptWaitMs",
  "quarantineMaxKeys",
  "clock",
  "random",
] satisfies (keyof CacheOptions)[]);
const ENTITY_OPTIONS: ReadonlySet<string> = new Set(["load", "enabled", "loadTimeoutMs"] satisfies (keyof EntityOptions<
  object,
  object
>)[]);

/** Fills in the defaults. @throws {CachepactError} E_OPTION that lists every problem */
export function resolveOptions(options: CacheOptions): ResolvedOptions {
  const problems = new Problems("createCache", options, CACHE_OPTIONS);
  const time = (name: keyof CacheOptions, value: number | undefined, fallback: number): number =>
    problems.integer(name, value, fallback, 1, TIME_MAX_MS);
  const scriptTimeoutMs = time("scriptTimeoutMs", options?.scriptTimeoutMs, DEFAULT_SCRIPT_TIMEOUT_MS);
  const resolved: ResolvedOptions = {
    address: addressOf(options?.redis, problems),
    namespace: namespaceOf(options?.namespace, problems),
    readTimeoutMs: time("readTimeoutMs", options?.readTimeoutMs, DEFAULT_READ_TIMEOUT_MS),
    scriptTimeoutMs,
    connectTimeoutMs: time("connectTimeoutMs", options?.connectTimeoutMs, DEFAULT_CONNECT_TIMEOUT_MS),
    leaseMs: time("leaseMs", options?.leaseMs, DEFAULT_LEASE_MS),
    markerMs: time("markerMs", options?.markerMs, DEFAULT_MARKER_MS),
    floorMs: time("floorMs", options?.floorMs, DEFAULT_FLOOR_MS),
    deliverTimeoutMs: time("deliverTimeoutMs", options?.deliverTimeoutMs, DEFAULT_DELIVER_TIMEOUT_MS),
    acceptWaitMs: time("acceptWaitMs", options?.acceptWaitMs, DEFAULT_ACCEPT_WAIT_MS),
    quarantineMaxKeys: problems.integer(
      "quarantineMaxKeys",
      options?.quarantineMaxKeys,
      DEFAULT_QUARANTINE_MAX_KEYS,
      1,
      1_000_000,
    ),
    clock: options?.clock ?? systemClock,
    random: options?.random ?? systemRandom,
  };
  for (const name of ["leaseMs", "markerMs"] as const) {
    if (resolved[name] <= 3 * scriptTimeoutMs) {
      problems.add(
        `${name} is ${resolved[name]}, but it must be more than three times scriptTimeoutMs (${scriptTimeoutMs})`,
      );
    }
  }
  problems.report();
  return resolved;
}

/** Fills in the defaults of one entity. @throws {CachepactError} E_OPTION that lists every problem */
export function resolveEntityOptions<Key extends object, Value extends object>(
  record: EntityRecord,
  options: EntityOptions<Key, Value>,
  cache: ResolvedOptions,
): ResolvedEntityOptions<Key, Value> {
  const problems = new Problems(`cache.entity(${record.entity})`, options, ENTITY_OPTIONS);
  const loadTimeoutMs = problems.integer(
    "loadTimeoutMs",
    options?.loadTimeoutMs,
    DEFAULT_LOAD_TIMEOUT_MS,
    1,
    TIME_MAX_MS,
  );
  if (typeof options?.load !== "function") problems.add("load must be a function that reads the source of truth");
  if (options?.enabled !== undefined && typeof options.enabled !== "function") {
    problems.add("enabled must be a function that returns a boolean");
  }
  if (cache.namespace === record.entity) {
    problems.add(`the namespace is ${JSON.stringify(cache.namespace)}, which is the entity's own name; rename it`);
  }
  if (record.replica_reads && cache.floorMs <= loadTimeoutMs) {
    problems.add(
      `floorMs is ${cache.floorMs}, but with replica_reads it must be more than loadTimeoutMs (${loadTimeoutMs})`,
    );
  }
  problems.report();
  return { load: options.load, enabled: options.enabled ?? alwaysOn, loadTimeoutMs };
}

function alwaysOn(): boolean {
  return true;
}

class Problems {
  readonly #what: string;
  readonly #found: string[] = [];

  constructor(what: string, options: unknown, known: ReadonlySet<string>) {
    this.#what = what;
    if (typeof options !== "object" || options === null) {
      this.add("an object of options is required");
      return;
    }
    for (const name of Object.keys(options))
      if (!known.has(name)) this.add(`there is no option ${JSON.stringify(name)}`);
  }

  add(problem: string): void {
    this.#found.push(problem);
  }

  integer(name: string, value: number | undefined, fallback: number, least: number, most: number): number {
    if (value === undefined) return fallback;
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    this.add(`${name} must be a whole number from ${least} to ${most}`);
    return fallback;
  }

  report(): void {
    if (this.#found.length === 0) return;
    const list = this.#found.map((problem, index) => `${index + 1}) ${problem}`).join("; ");
    throw new CachepactError("E_OPTION", `${this.#what} was given wrong options: ${list}`, { problems: this.#found });
  }
}

function addressOf(url: unknown, problems: Problems): RedisAddress {
  const address = parseRedisAddress(url);
  if (typeof address !== "string") return address;
  problems.add(address);
  return { host: "", port: 0, db: 0, tls: false };
}

function namespaceOf(namespace: unknown, problems: Problems): string {
  if (namespace === undefined) return "";
  if (typeof namespace !== "string") {
    problems.add("namespace must be a string");
    return "";
  }
  try {
    checkNamespace(namespace);
  } catch (error) {
    problems.add(error instanceof Error ? error.message : String(error));
  }
  return namespace;
}
