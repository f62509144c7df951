import type { Clock, Random } from "@cachepact/cache-core";
import { CachepactError, type ScriptName, scripts } from "@cachepact/wire";
import { Redis } from "ioredis";
import { asError } from "./events.ts";
import { sleep, spread } from "./sleep.ts";

/** Longest wait for any reply: the worker's largest read takes some milliseconds. */
export const COMMAND_TIMEOUT_MS = 1_000;
/** Longest wait between two attempts to connect. Short: until a worker is back, a restarted Redis accepts no write. */
export const RECONNECT_MAX_MS = 500;

/** What INFO says about the server at the other end. */
export interface ServerFacts {
  /** Identifies this server process: another value means another process, with perhaps another state. */
  readonly run: string;
  /** `maxmemory` in bytes; 0 = no limit. */
  readonly memoryMaxBytes: number;
  /** `maxmemory-policy`. */
  readonly evictionPolicy: string;
}

/** One entry of a stream as Redis gives it. */
export interface StreamEntry {
  readonly id: string;
  readonly fields: ReadonlyMap<string, Uint8Array>;
}

/**
 * One connection to Redis that knows which server process it talks to: the only importer of ioredis here.
 *
 * Nothing is queued while it is down and nothing is sent twice: every failure reaches the caller, who repeats whole steps.
 */
export class RedisConnection {
  #facts: ServerFacts | null = null;
  #generation = 0;
  /** What to add to the monotonic clock to get the server's time, in ms; null until it was asked once. */
  #timeOffsetMs: number | null = null;
  readonly #redis: Redis;
  readonly #clock: Clock;
  readonly #onReady: (facts: ServerFacts) => void;
  readonly #onError: (error: Error) => void;

  constructor(
    url: string,
    clock: Clock,
    random: Random,
    listeners: { readonly onReady: (facts: ServerFacts) => void; readonly onError: (error: Error) => void },
  ) {
    this.#clock = clock;
    this.#onReady = listeners.onReady;
    this.#onError = listeners.onError;
    this.#redis = new Redis(url, {
      lazyConnect: true,
      connectionName: "cachepact-writeback",
      // RESP2: the replies that are used here are the same in both, and RESP3 adds push frames that nobody reads.
      protocol: 2,
      connectTimeout: COMMAND_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      socketTimeout: COMMAND_TIMEOUT_MS,
      // A server that loads its data is asked again this often.
      maxLoadingRetryTime: RECONNECT_MAX_MS,
      // Together: what was under way when a connection broke fails at once and is never sent again behind our back.
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      enableAutoPipelining: false,
      // A replica that used to be the primary.
      reconnectOnError: (error) => error.message.startsWith("READONLY"),
      retryStrategy: (attempt) => spread(random, Math.min(25 * attempt, RECONNECT_MAX_MS)),
    });
    this.#redis.on("error", (error: Error) => this.#onError(inPlainWords(error)));
    this.#redis.on("close", () => {
      this.#generation += 1;
      this.#facts = null;
    });
    this.#redis.on("ready", () => {
      void this.#learn();
    });
  }

  /** The server process at the other end, or null while there is none. */
  get facts(): ServerFacts | null {
    return this.#facts;
  }

  /** The server's clock, epoch ms, as of the last connection; null before the first. Good for an age in a metric only. */
  serverTimeMs(): number | null {
    return this.#timeOffsetMs === null ? null : this.#clock.monotonic() + this.#timeOffsetMs;
  }

  /** Starts connecting, and reconnects for ever. */
  open(): void {
    // Its failure is also an "error" event.
    this.#redis.connect().catch(() => undefined);
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** Runs a script and gives its reply as strings. */
  async script(name: ScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<string[]> {
    const { sha1, source } = scripts[name];
    const rest = [keys.length, ...keys, ...args];
    let reply: unknown;
    try {
      reply = await plainly(this.#redis.call("EVALSHA", sha1, ...rest));
    } catch (error) {
      // Nothing ran: the text is no second attempt.
      if (!asError(error).message.startsWith("NOSCRIPT")) throw error;
      reply = await plainly(this.#redis.call("EVAL", source, ...rest));
    }
    if (!Array.isArray(reply)) {
      throw new CachepactError(
        "E_SCRIPT",
        `running script ${name}: its reply is not a list; a client and a server of different releases`,
      );
    }
    return reply.map(String);
  }

  /** The oldest entries of a stream; none when it does not exist. */
  async head(stream: string, count: number): Promise<StreamEntry[]> {
    const reply = await plainly(this.#redis.xrangeBuffer(stream, "-", "+", "COUNT", count));
    return reply.map(([id, pairs]) => {
      const fields = new Map<string, Uint8Array>();
      for (let i = 0; i + 1 < pairs.length; i += 2) {
        const [name, value] = [pairs[i], pairs[i + 1]];
        if (name !== undefined && value !== undefined) fields.set(name.toString("latin1"), value);
      }
      return { id: id.toString("latin1"), fields };
    });
  }

  /** Whether this server process still holds what arming a partition left in it. */
  async holds(meta: string, stream: string, run: string): Promise<boolean> {
    const answers = Promise.all([this.#redis.hget(meta, "run"), this.#redis.exists(stream)]);
    const [armed, streams] = await plainly(answers);
    return armed === run && streams === 1;
  }

  /** One page of a hash: the next cursor ("0" = the last page) and its fields. */
  async page(
    hash: string,
    cursor: string,
  ): Promise<{ readonly cursor: string; readonly fields: ReadonlyMap<string, string> }> {
    const [next, pairs] = await plainly(this.#redis.hscan(hash, cursor, "COUNT", 500));
    const fields = new Map<string, string>();
    for (let i = 0; i + 1 < pairs.length; i += 2) fields.set(pairs[i] ?? "", pairs[i + 1] ?? "");
    return { cursor: next, fields };
  }

  async #learn(): Promise<void> {
    const generation = this.#generation;
    try {
      const info = parseInfo(await plainly(this.#redis.info()));
      const [seconds, micros] = await plainly(this.#redis.time());
      this.#timeOffsetMs = Number(seconds) * 1_000 + Number(micros) / 1_000 - this.#clock.monotonic();
      // SCRIPT LOAD, not only EVAL: servers forget scripts that came with EVAL after 500 others.
      for (const name of ["rearm", "ack"] as const) {
        await plainly(this.#redis.script("LOAD", scripts[name].source));
      }
      if (generation !== this.#generation) return;
      this.#facts = info;
      this.#onReady(info);
    } catch (error) {
      this.#onError(asError(error));
      // Without the run id nothing can be sent: try again on a new connection. Not at once: it may be a password.
      await sleep(this.#clock, RECONNECT_MAX_MS);
      if (generation === this.#generation && this.#redis.status === "ready") this.#redis.disconnect(true);
    }
  }
}

/** What the client library says of a lost connection, in words for those who read the log. */
const PLAIN: ReadonlyMap<string, string> = new Map([
  ["Reached the max retries per request limit", "the connection to Redis broke before the reply came"],
  ["Stream isn't writeable", "the connection to Redis broke a moment ago"],
  ["Connection is closed", "the connection to Redis is closed"],
  ["Command timed out", `Redis did not answer within ${COMMAND_TIMEOUT_MS} ms`],
  ["Socket timeout", `Redis did not answer within ${COMMAND_TIMEOUT_MS} ms`],
]);

function plainly<T>(reply: Promise<T>): Promise<T> {
  return reply.catch((error: unknown) => {
    throw inPlainWords(asError(error));
  });
}

function inPlainWords(cause: Error): Error {
  for (const [start, words] of PLAIN) if (cause.message.startsWith(start)) return new Error(words, { cause });
  return cause;
}

/** The figures of INFO that the worker acts on. */
export function parseInfo(text: string): ServerFacts {
  const line = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(text)?.[1] ?? "";
  const run = line("run_id");
  if (run === "") {
    throw new CachepactError(
      "E_UNAVAILABLE",
      "asking Redis for its run_id: INFO names none; connect to the server itself, not to a proxy",
    );
  }
  return { run, memoryMaxBytes: Number(line("maxmemory")), evictionPolicy: line("maxmemory_policy") };
}
