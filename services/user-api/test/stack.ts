import { setTimeout as sleep } from "node:timers/promises";
import { type Cache, createCache } from "@cachepact/cache-core";
import { Preferences } from "@cachepact/contracts";
import { type PostgresServer, type RedisServer, startPostgres, startRedis } from "@cachepact/dev-stack";
import { migrate as migrateWriteback, runWorker, table, type Worker } from "@cachepact/writeback";
import type { FastifyInstance } from "fastify";
import pg from "pg";
import { pino } from "pino";
import { connectDatabase, type Database } from "../src/database.ts";
import { migrate } from "../src/migrate.ts";
import { createServer } from "../src/server.ts";

export interface Answer {
  readonly status: number;
  readonly cache: string | null;
  readonly headers: Headers;
  readonly text: string;
  /** The body, parsed. Only for tests that look at single members: the bytes are in `text`. */
  readonly json: () => Record<string, unknown>;
}

/** What an error body says, or undefined when the body is none. */
export function errorOf(answer: Answer): { code: string; message: string; field?: string } | undefined {
  return answer.json().error as { code: string; message: string; field?: string } | undefined;
}

/** The service in this process on real servers, with a worker that carries its write-behinds; `close()` ends them all. */
export class Stack {
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  /** Talks to Postgres as an operator would. */
  readonly pool: pg.Pool;
  /** Lines that the service logged. */
  readonly log: string[] = [];
  url = "";
  readonly #database: Database;
  readonly #cache: Cache;
  readonly #worker: Worker;
  #server: FastifyInstance | undefined;

  private constructor(redis: RedisServer, postgres: PostgresServer) {
    this.redis = redis;
    this.postgres = postgres;
    this.pool = new pg.Pool({ connectionString: postgres.url, max: 2 });
    this.pool.on("error", () => undefined); // tests kill the server under it
    this.#database = connectDatabase(postgres.url, () => undefined);
    this.#cache = createCache({ redis: redis.url });
    this.#worker = runWorker({
      redis: redis.url,
      postgres: postgres.url,
      sinks: [table({ entity: Preferences, table: "preferences" })],
    });
  }

  static async start(): Promise<Stack> {
    const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
    await migrate(postgres.url);
    const setUp = new pg.Pool({ connectionString: postgres.url, max: 1 });
    await migrateWriteback(setUp);
    await setUp.end();
    const stack = new Stack(redis, postgres);
    const log = pino({ level: "info" }, { write: (line: string) => void stack.log.push(line) });
    stack.#server = await createServer({ cache: stack.#cache, database: stack.#database, log });
    stack.url = await stack.#server.listen({ host: "127.0.0.1", port: 0 });
    await stack.#cache.ready();
    return stack;
  }

  async close(): Promise<void> {
    await this.#server?.close();
    await this.#worker.stop();
    await this.#cache.close();
    await this.#database.close();
    await this.pool.end();
    await Promise.all([this.redis.stop(), this.postgres.stop()]);
  }

  async request(method: string, path: string, body?: string | Uint8Array<ArrayBuffer>): Promise<Answer> {
    const response = await fetch(this.url + path, { method, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    return {
      status: response.status,
      cache: response.headers.get("x-cache"),
      headers: response.headers,
      text,
      json: () => JSON.parse(text) as Record<string, unknown>,
    };
  }

  get(path: string): Promise<Answer> {
    return this.request("GET", path);
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.request("PUT", path, JSON.stringify(body));
  }

  /** Adds a user and gives its JSON. */
  async newUser(members: Record<string, unknown> = {}): Promise<UserJson> {
    const answer = await this.request(
      "POST",
      "/users",
      JSON.stringify({ email: "ada@example.com", name: "Ada", ...members }),
    );
    if (answer.status !== 201) throw new Error(`POST /users answered ${answer.status}: ${answer.text}`);
    return answer.json() as unknown as UserJson;
  }
}

/** The JSON of a user. */
export interface UserJson {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly created_at: string;
  readonly roles: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly balance_cents: string;
  readonly version: number;
}

/** Polls real servers until `answer` gives something; they have no event for it. */
export async function eventually<T>(
  what: string,
  answer: () => Promise<T | undefined>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await answer();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await sleep(20);
  }
}
