import { setTimeout as sleep } from "node:timers/promises";
import { Preferences, Theme } from "@cachepact/contracts";
import { type PostgresServer, type RedisServer, startPostgres, startRedis } from "@cachepact/dev-stack";
import { type EntryKeys, entryKeys, logKeys, partitionOf } from "@cachepact/wire";
import { Redis } from "ioredis";
import { Pool, type PoolConfig } from "pg";
import { migrate, runWorker, table, type Worker, type WorkerEvent, type WorkerOptions } from "../src/index.ts";

/** What the application's migration makes, and a record of every write that a row saw. */
export const SCHEMA = `
  create table preferences (id text primary key, ver bigint not null, gen integer not null, doc jsonb not null);
  create table row_writes (id text not null, ver bigint not null, op text not null);
  create function note_write() returns trigger language plpgsql as $$
  begin
    if tg_op = 'DELETE' then insert into row_writes values (old.id, old.ver, tg_op); return old; end if;
    insert into row_writes values (new.id, new.ver, tg_op); return new;
  end $$;
  create trigger note_write after insert or update or delete on preferences for each row execute function note_write();
`;

/** A Redis, a Postgres with all tables, and the workers of one test file; `close()` ends them all. */
export class Stack {
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly pool: Pool;
  /** Talks to Redis as an operator would. */
  readonly client: Redis;
  readonly #workers = new Set<Worker>();

  private constructor(redis: RedisServer, postgres: PostgresServer) {
    this.redis = redis;
    this.postgres = postgres;
    this.pool = newPool(postgres.url);
    this.client = newClient(redis.url);
  }

  static async start(config: Record<string, string> = {}): Promise<Stack> {
    const [redis, postgres] = await Promise.all([startRedis({ config }), startPostgres()]);
    const stack = new Stack(redis, postgres);
    await migrate(stack.pool);
    await stack.pool.query(SCHEMA);
    return stack;
  }

  /** Empties both servers. Only between workers. */
  async reset(): Promise<void> {
    await this.client.flushall();
    await until("Postgres to answer", async () => {
      // A pooled connection may not have noticed yet that a test restarted its server.
      const truncated = this.pool.query("truncate wb_part, wb_worker, cachepact_tombstone, preferences, row_writes");
      return truncated.then(
        () => true,
        () => false,
      );
    });
  }

  /** A worker with an event log. Its default lease is short, so that take-overs do not make a test long. */
  work(options: Partial<WorkerOptions> = {}): Worker & { readonly events: readonly WorkerEvent[] } {
    const events: WorkerEvent[] = [];
    const worker = runWorker({
      redis: this.redis.url,
      postgres: this.postgres.url,
      sinks: [table({ entity: Preferences, table: "preferences" })],
      leaseMs: 900,
      heartbeatMs: 150,
      ...options,
    });
    worker.on((event) => events.push(event));
    this.#workers.add(worker);
    // `on` and `status` live on the class: an object spread would lose them.
    return Object.assign(worker, { events });
  }

  async stopWorkers(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    this.#workers.clear();
  }

  async close(): Promise<void> {
    await this.stopWorkers();
    this.client.disconnect();
    await this.pool.end().catch(() => undefined);
    await Promise.all([this.redis.stop(), this.postgres.stop()]);
  }

  /** The row of one user; undefined = there is none. */
  async row(userId: number): Promise<{ ver: number; gen: number; doc: Record<string, unknown> } | undefined> {
    const { rows } = await this.pool.query("select ver, gen, doc from preferences where id = $1", [String(userId)]);
    const [row] = rows;
    return row && { ver: Number(row.ver), gen: row.gen, doc: row.doc };
  }

  /** Events that wait in all partitions. */
  async backlog(): Promise<number> {
    let waiting = 0;
    for (let p = 0; p < Preferences.record.partitions; p++)
      waiting += await this.client.xlen(logKeys(Preferences.record, "", p).wb);
    return waiting;
  }

  /** Marks in all partitions. */
  async marks(): Promise<number> {
    let marks = 0;
    for (let p = 0; p < Preferences.record.partitions; p++)
      marks += await this.client.hlen(logKeys(Preferences.record, "", p).dirty);
    return marks;
  }

  /** Resolves when nothing waits and nothing is marked. */
  async drained(): Promise<void> {
    await until("the logs to be drained", async () => (await this.backlog()) === 0 && (await this.marks()) === 0);
  }

  /** Resolves when a worker has armed every partition. */
  async armed(): Promise<void> {
    await until("all partitions to be armed", async () => {
      for (let p = 0; p < Preferences.record.partitions; p++) {
        if ((await this.client.hget(logKeys(Preferences.record, "", p).meta, "run")) === null) return false;
      }
      return true;
    });
  }
}

export function newPool(url: string, options: PoolConfig = {}): Pool {
  const pool = new Pool({ connectionString: url, max: 8, ...options });
  // Tests kill the server under it.
  pool.on("error", () => undefined);
  return pool;
}

export function newClient(url: string): Redis {
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  client.on("error", () => undefined);
  return client;
}

export function keysOf(userId: number): EntryKeys {
  return entryKeys(Preferences.record, "", { userId });
}

export function partitionOfUser(userId: number): number {
  return partitionOf(Preferences.record, String(userId));
}

/** User ids of one partition, ascending. */
export function usersOf(partition: number, count: number): number[] {
  const users: number[] = [];
  for (let userId = 1; users.length < count; userId++) if (partitionOfUser(userId) === partition) users.push(userId);
  return users;
}

export function preferences(userId: number, language = "en"): Preferences {
  return { userId, theme: Theme.THEME_DARK, language, emailOptIn: true, settings: {} };
}

/** Polls real servers until `condition` holds; they have no event for it. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await sleep(10);
  }
}
