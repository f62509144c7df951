import { scripts } from "@cachepact/wire";
import { Redis, type RedisOptions } from "ioredis";
import type { Cancel, Clock } from "../clock.ts";
import type { CommandName, Events } from "../events.ts";
import { type Random, spread } from "../random.ts";
import type { RedisAddress } from "./redis-address.ts";
import { classify, TransportError } from "./transport-error.ts";

export interface TransportOptions {
  readonly address: RedisAddress;
  /** Shown in CLIENT LIST. */
  readonly name: string;
  readonly readTimeoutMs: number;
  readonly scriptTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
  /** Runs on each new connection, before `ready` resolves. Its failure is that of the connection attempt. */
  readonly onConnect: (transport: Transport) => Promise<void>;
}

export type Argument = string | Buffer;
/** A reply as the server sent it: bulk strings as bytes. */
export type Reply = Buffer | number | null | readonly Reply[];
/** The scripts that this package sends. */
export type ScriptCommand = Exclude<CommandName, "get">;
const SCRIPT_COMMANDS: readonly ScriptCommand[] = [
  "acquire",
  "fill",
  "begin",
  "finish",
  "store",
  "renew",
  "release",
  "accept",
  "pending",
];
/** Sends a command; `wanted` turns false when its deadline has passed. */
type Send<T> = (wanted: () => boolean) => Promise<T>;

/**
 * How long a socket may owe replies before it is given up, in ms: a frozen server accepts bytes for ever. Longer deadlines
 * of the cache's own lengthen it.
 */
export const DEFAULT_SOCKET_TIMEOUT_MS = 1_000;
/** The longest pause between two connection attempts, in ms, before up to half of it is added or taken. */
export const DEFAULT_RECONNECT_MAX_MS = 1_000;
/** How long a reply to INFO and CONFIG may take, in ms: they serve start-up and scrapes, nobody's request waits. */
export const DEFAULT_ADMIN_TIMEOUT_MS = 1_000;
/** The pause before a connection whose set-up failed is set up again, in ms. */
const SET_UP_RETRY_MS = 1_000;
/** How long a connection may take to say goodbye, in ms. */
const DISCONNECT_TIMEOUT_MS = 100;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: TransportError) => void;
}

/**
 * One connection to Redis, and the only file that knows the client library.
 *
 * Every command has a deadline of ours around it and ends in a reply or a `TransportError` that says whether it may have
 * run. Nothing is queued while the connection is down, nothing is sent twice: both are the decisions of the protocol
 * above, not of a client library. The first command may wait, within its deadline, for the first connection.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #redis: Redis;
  readonly #upListeners = new Set<() => void>();
  #waiters: Waiter[] = [];
  #state: "new" | "first attempt" | "set up" | "down" | "closed" = "new";
  #epoch = 0;
  #downSince: number | null = null;
  #lastError: unknown = null;
  #cancelSetUp: Cancel | null = null;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#redis = new Redis(redisOptions(options));
    // Without a listener ioredis prints to the console; the error itself reaches the callers through their commands.
    this.#redis.on("error", (error: unknown) => {
      this.#lastError = error;
    });
    this.#redis.on("ready", () => this.#setUp());
    this.#redis.on("close", () => {
      this.#epoch += 1;
      this.#downSince ??= options.clock.monotonic();
      if (this.#state !== "closed") this.#state = "down";
      this.#settle(this.#unavailable());
    });
  }

  /** Counts connections: what was learned under one epoch says nothing under the next. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Whether commands can be sent now. */
  get up(): boolean {
    return this.#redis.status === "ready";
  }

  /** How long the connection has been away, in ms; 0 while it is there or was never tried. */
  get downMs(): number {
    return this.#downSince === null ? 0 : this.#options.clock.monotonic() - this.#downSince;
  }

  /** Calls `listener` after each new connection is set up. */
  onUp(listener: () => void): void {
    this.#upListeners.add(listener);
  }

  /** Resolves when the connection is there and set up; rejects when the attempt under way fails. */
  async ready(): Promise<void> {
    if (this.#state === "closed") throw this.#unavailable();
    if (this.up && this.#state === "set up") return;
    const attempt = this.#attempt();
    this.#connect();
    await attempt;
  }

  /** Reads one value: the one door for reads, where a tick's GETs can be batched. */
  get(key: string): Promise<Buffer | null> {
    return this.#timed("get", this.#options.readTimeoutMs, () => this.#redis.getBuffer(key));
  }

  /** Runs a script by its digest, with its text when the server has forgotten it. */
  script(name: ScriptCommand, keys: readonly string[], argv: readonly Argument[]): Promise<Reply> {
    const script = scripts[name];
    const args: Argument[] = [String(keys.length), ...keys, ...argv];
    return this.#timed(name, this.#options.scriptTimeoutMs, async (wanted) => {
      try {
        return await this.#call("EVALSHA", [script.sha1, ...args]);
      } catch (error) {
        // NOSCRIPT means that nothing ran, so that sending the text is not a second attempt.
        if (classify(error).word !== "NOSCRIPT" || !wanted()) throw error;
        this.#call("SCRIPT", ["LOAD", script.source]).catch(() => {});
        return await this.#call("EVAL", [script.source, ...args]);
      }
    });
  }

  /** Gives the server the text of every script: it drops those that EVAL alone has loaded once 500 others came after. */
  async loadScripts(): Promise<void> {
    await Promise.all(SCRIPT_COMMANDS.map((name) => this.command("SCRIPT", "LOAD", scripts[name].source)));
  }

  /** Any other command; its deadline is that of start-up and scrapes. */
  command(name: string, ...args: Argument[]): Promise<Reply> {
    return this.#bounded(DEFAULT_ADMIN_TIMEOUT_MS, () => this.#call(name, args));
  }

  /** Ends the connection; commands under way fail. Resolves when its socket is gone. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#upListeners.clear();
    this.#cancelSetUp?.();
    const { status } = this.#redis;
    const open = status === "ready" || status === "connect" || status === "connecting";
    const ended = open ? new Promise<void>((resolve) => this.#redis.once("end", resolve)) : null;
    this.#redis.disconnect();
    this.#settle(this.#unavailable());
    await ended;
  }

  #call(name: string, args: readonly Argument[]): Promise<Reply> {
    return this.#redis.callBuffer(name, ...args) as Promise<Reply>;
  }

  #timed<T>(command: CommandName, timeoutMs: number, send: Send<T>): Promise<T> {
    const { clock, events } = this.#options;
    const reply = this.#bounded(timeoutMs, send);
    if (!events.active) return reply;
    const sentAt = clock.monotonic();
    return reply.then(
      (value) => {
        events.emit({ type: "command", command, durationMs: clock.monotonic() - sentAt });
        return value;
      },
      (error: unknown) => {
        events.emit({ type: "command_error", command, reason: classify(error).reason });
        throw error;
      },
    );
  }

  #bounded<T>(timeoutMs: number, send: Send<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let sent = false;
      let wanted = true;
      const pass = (): void => {
        wanted = false;
        reject(new TransportError("timeout", sent ? "unknown" : "none", "TIMEOUT", `no reply within ${timeoutMs} ms`));
      };
      // A process that was busy for the whole deadline has the reply waiting in its socket: what has arrived is read
      // before the deadline passes, or one long turn of the event loop would send every read to the database.
      const cancel = this.#options.clock.schedule(timeoutMs, () => setImmediate(pass));
      const fail = (error: unknown): void => {
        cancel();
        reject(classify(error));
      };
      const go = (): void => {
        if (!wanted) return;
        if (!this.up) return fail(this.#unavailable());
        sent = true;
        send(() => wanted).then((reply) => {
          cancel();
          resolve(reply);
        }, fail);
      };
      if (this.#state === "new") this.#connect();
      // Only the very first attempt is worth waiting for: while Redis is away, the database answers at once.
      if (this.#state === "first attempt" && !this.up) this.#attempt().then(go, go);
      else go();
    });
  }

  #connect(): void {
    if (this.#state !== "new") return;
    this.#state = "first attempt";
    // ioredis goes on trying by itself; waiters learn of a failed attempt by its "close".
    this.#redis.connect().catch(() => {});
  }

  /** Settles with the connection attempt that is under way or comes next. */
  #attempt(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  #settle(error: TransportError | null): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (error === null) waiter.resolve();
      else waiter.reject(error);
    }
  }

  #setUp(): void {
    const epoch = this.#epoch;
    this.#downSince = null;
    this.#options.onConnect(this).then(
      () => {
        if (epoch !== this.#epoch || this.#state === "closed") return;
        this.#state = "set up";
        this.#settle(null);
        for (const listener of this.#upListeners) listener();
      },
      (error: unknown) => {
        this.#lastError = error;
        if (epoch !== this.#epoch || this.#state === "closed") return;
        this.#settle(classify(error));
        // The connection stands and reads work; what could not be learned is asked for again.
        this.#cancelSetUp = this.#options.clock.schedule(SET_UP_RETRY_MS, () => {
          if (epoch === this.#epoch) this.#setUp();
        });
      },
    );
  }

  #unavailable(): TransportError {
    const what = this.#state === "closed" ? "the connection was closed" : "there is no connection";
    return new TransportError("unavailable", "none", "UNAVAILABLE", what, this.#lastError);
  }
}

/** The client settings that the failure tests rest on. ioredis' own take over a minute to fail and may run a write twice. */
function redisOptions(options: TransportOptions): RedisOptions & { replyMapping: "legacy" } {
  const { address, random } = options;
  return {
    host: address.host,
    port: address.port,
    db: address.db,
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(address.tls ? { tls: {} } : {}),
    connectionName: options.name,
    lazyConnect: true,
    // RESP2: our replies are the same in both protocols, and RESP3 adds push frames that nobody reads.
    protocol: 2,
    replyMapping: "legacy",
    connectTimeout: options.connectTimeoutMs,
    // No commandTimeout: each command has a deadline of ours, and a second timer would be paid on every hit. This one
    // also bounds the handshake of a server that accepts and then freezes.
    socketTimeout: Math.max(DEFAULT_SOCKET_TIMEOUT_MS, options.readTimeoutMs, options.scriptTimeoutMs),
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    maxLoadingRetryTime: DEFAULT_RECONNECT_MAX_MS,
    // Together: what was under way when a connection broke fails at once and is never sent again behind our back.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    retryStrategy: (times) => spread(random, Math.min(25 * 2 ** Math.min(times, 10), DEFAULT_RECONNECT_MAX_MS)),
    // A replica that used to be the primary: leave it, or every write fails until somebody restarts this process.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  };
}
