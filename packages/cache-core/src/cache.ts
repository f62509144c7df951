import { setMaxListeners } from "node:events";
import { CachepactError, channels, type Entity } from "@cachepact/wire";
import type { Core } from "./context.ts";
import { BoundEntity, type EntityCache, type ManagedEntity } from "./entity-cache.ts";
import { type CacheListener, Events } from "./events.ts";
import { type CacheOptions, type EntityOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { Background } from "./resilience/background.ts";
import { Quarantine } from "./resilience/quarantine.ts";
import { evictionError, mayEvict } from "./store/accept-queue.ts";
import { Connection } from "./store/connection.ts";
import { RedisClock } from "./store/redis-clock.ts";
import { Scripts } from "./store/scripts.ts";
import { type RedisInfo, redisInfo, serverTimeMs } from "./store/server-info.ts";
import { classify } from "./store/transport-error.ts";

/** How long `close` waits for writes under way, in ms: a commit, and the replies of one round of scripts. */
export const DEFAULT_CLOSE_TIMEOUT_MS = 1_000;

/** The cache of one process: a connection to Redis and the entities that live behind it. */
export interface Cache {
  /** The prefix of every key and channel; "" = none. */
  readonly namespace: string;
  /**
   * Binds an entity to its loader. Bind each entity once and keep the result: concurrent loads of one key are collapsed
   * per binding.
   *
   * @throws {CachepactError} E_OPTION that lists every problem; E_CLOSED
   */
  entity<Key extends object, Value extends object>(
    entity: Entity<Key, Value>,
    options: EntityOptions<Key, Value>,
  ): EntityCache<Key, Value>;
  /**
   * Resolves when Redis is connected. Not needed: the first call connects. Reads work without Redis as well.
   *
   * @throws {CachepactError} E_UNAVAILABLE when the connection attempt under way fails (further ones are made in the
   *   background); E_EVICTION when Redis may evict the writes of an entity with a log; E_CLOSED
   */
  ready(): Promise<void>;
  /** Hears every event; the returned function ends it. */
  on(listener: CacheListener): () => void;
  /** Figures of the Redis server. @throws {CachepactError} E_UNAVAILABLE, E_CLOSED */
  info(): Promise<RedisInfo>;
  /**
   * Closes the connections, after the writes and invalidations under way have their answer and what is owed was offered to
   * Redis once more, but after a second at the latest. From then on every call fails with E_CLOSED, also while it waits;
   * reads under way are answered by their loaders. May be called twice.
   */
  close(): Promise<void>;
}

/** Creates a cache. It connects at the first call. @throws {CachepactError} E_OPTION that lists every problem */
export function createCache(options: CacheOptions): Cache {
  return new RedisCache(resolveOptions(options));
}

class RedisCache implements Cache {
  readonly namespace: string;
  readonly #options: ResolvedOptions;
  readonly #events = new Events();
  readonly #background = new Background();
  readonly #redisClock: RedisClock;
  readonly #connection: Connection;
  readonly #core: Core;
  readonly #entities: ManagedEntity[] = [];
  /** Accepted writes have a connection of their own, on which nothing may get in between a write and its WAIT. */
  #acceptConnection: Connection | null = null;
  #acceptEntity = "";
  #syncing = false;
  #closing: Promise<void> | null = null;
  readonly #abort = new AbortController();

  constructor(options: ResolvedOptions) {
    this.namespace = options.namespace;
    this.#options = options;
    // One listener for each refresh under way, and each is removed: Node 20 would take more than ten for a leak.
    setMaxListeners(0, this.#abort.signal);
    const { clock, random } = options;
    this.#redisClock = new RedisClock(clock);
    this.#connection = this.#connect("cachepact");
    const { transport } = this.#connection;
    const names = channels(options.namespace);
    const scripts = new Scripts(transport, this.#redisClock, clock, names, options.floorMs);
    const quarantine = new Quarantine({
      clock,
      random,
      events: this.#events,
      maxKeys: options.quarantineMaxKeys,
      deliver: async ({ record, keys, finish }) => {
        try {
          await scripts.finish(record, keys, finish);
        } catch (error) {
          // Refused arguments stay refused: a bug that was reported when the key was quarantined.
          if (classify(error).word !== "BADARG") throw error;
        }
      },
    });
    transport.onUp(() => quarantine.flush());
    this.#core = {
      options,
      namespace: options.namespace,
      channels: names,
      clock,
      random,
      events: this.#events,
      redisClock: this.#redisClock,
      transport,
      scripts,
      quarantine,
      background: this.#background,
      closing: this.#abort.signal,
      syncClock: () => this.#syncClock(),
      server: () => this.#connection.info,
    };
  }

  entity<Key extends object, Value extends object>(
    entity: Entity<Key, Value>,
    options: EntityOptions<Key, Value>,
  ): EntityCache<Key, Value> {
    this.#open();
    const behind = entity.record.log !== null;
    const connection = behind ? (this.#acceptConnection ?? this.#connect("cachepact-accept")) : null;
    const bound = new BoundEntity(this.#core, entity, options, connection);
    if (connection !== null) {
      this.#acceptConnection = connection;
      this.#acceptEntity = entity.record.entity;
    }
    this.#entities.push(bound);
    return bound;
  }

  async ready(): Promise<void> {
    this.#open();
    try {
      await Promise.all([this.#connection.transport.ready(), this.#acceptConnection?.transport.ready()]);
    } catch (cause) {
      throw new CachepactError(
        "E_UNAVAILABLE",
        "could not connect to Redis; loaders answer meanwhile, and the connection is retried in the background",
        { cause, retryAfterMs: this.#options.connectTimeoutMs },
      );
    }
    const info = this.#acceptConnection?.info ?? null;
    if (info !== null && mayEvict(info)) throw evictionError(this.#acceptEntity, info);
  }

  on(listener: CacheListener): () => void {
    return this.#events.on(listener);
  }

  async info(): Promise<RedisInfo> {
    this.#open();
    return redisInfo(this.#connection.transport);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const entity of this.#entities) entity.refuse();
    this.#abort.abort(closed());
    const { clock } = this.#options;
    const { quarantine } = this.#core;
    const finished = Promise.all(this.#entities.map((entity) => entity.idle())).then(() => quarantine.settle());
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(DEFAULT_CLOSE_TIMEOUT_MS, resolve);
      finished.then(() => {
        cancel();
        resolve();
      }, resolve);
    });
    for (const entity of this.#entities) entity.close();
    quarantine.close();
    await Promise.all([this.#connection.transport.close(), this.#acceptConnection?.transport.close()]);
  }

  #connect(name: string): Connection {
    const { address, readTimeoutMs, scriptTimeoutMs, connectTimeoutMs, clock, random } = this.#options;
    const timeouts = { readTimeoutMs, scriptTimeoutMs, connectTimeoutMs };
    return new Connection({ address, name, ...timeouts, clock, random, events: this.#events }, this.#redisClock);
  }

  #syncClock(): void {
    if (this.#syncing) return;
    this.#syncing = true;
    const sentAt = this.#options.clock.monotonic();
    const sync = serverTimeMs(this.#connection.transport)
      .then((serverMs) => this.#redisClock.observe(serverMs, sentAt))
      .finally(() => {
        this.#syncing = false;
      });
    this.#background.run(sync);
  }

  #open(): void {
    if (this.#closing !== null) throw closed();
  }
}

function closed(): CachepactError {
  return new CachepactError("E_CLOSED", "cannot use this cache: it was closed; create a new one");
}
