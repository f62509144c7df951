import { setTimeout as sleep } from "node:timers/promises";
import { SeededRandom } from "@cachepact/cache-core/testing";
import { type PostgresServer, type RedisServer, startPostgres, startRedis } from "@cachepact/dev-stack";
import { decodeEntry, entryKeys, logKeys } from "@cachepact/wire";
import { runWorker, table, type Worker } from "@cachepact/writeback";
import { Redis } from "ioredis";
import { MESSAGES, type Message } from "./contract.ts";
import { LANGUAGES, Member } from "./member-process.ts";
import type { AnyEntity, Release } from "./release.ts";
import { type Row, rowOf } from "./row.ts";
import type { Traffic } from "./traffic.ts";
import { Truth } from "./truth.ts";
import type { History } from "./verdict.ts";

const DRAIN_TIMEOUT_MS = 30_000;

/** A real Redis, a real Postgres, a worker and the processes of the fleets; `close` ends them all. */
export class Stage {
  readonly seed: number;
  readonly random: SeededRandom;
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly truth: Truth;
  readonly #client: Redis;
  readonly #members: Member[] = [];
  readonly #workers: Worker[] = [];

  private constructor(seed: number, redis: RedisServer, postgres: PostgresServer, truth: Truth) {
    this.seed = seed;
    this.random = new SeededRandom(seed);
    this.redis = redis;
    this.postgres = postgres;
    this.truth = truth;
    this.#client = new Redis(redis.url);
  }

  static async set(seed: number): Promise<Stage> {
    const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
    return new Stage(seed, redis, postgres, await Truth.create(postgres.url));
  }

  /** Starts a process of each language on a release. */
  async fleet(release: Release): Promise<readonly Member[]> {
    const surroundings = { redis: this.redis.url, postgres: this.postgres.url };
    const seeds = LANGUAGES.map(() => Math.floor(this.random.next() * 2 ** 31));
    const members = await Promise.all(
      LANGUAGES.map((language, index) => Member.start(language, release, { ...surroundings, seed: seeds[index] ?? 0 })),
    );
    this.#members.push(...members);
    return members;
  }

  /** Starts a worker that knows the log's contract of each of these releases, and waits until it drains. */
  async work(...releases: readonly [Release, ...Release[]]): Promise<Worker> {
    const drafts = new Map(releases.map((release) => [draftOf(release).record.generation, draftOf(release)]));
    const [entity, ...otherGenerations] = [...drafts.values()] as [AnyEntity, ...AnyEntity[]];
    const worker = runWorker({
      redis: this.redis.url,
      postgres: this.postgres.url,
      sinks: [table({ entity, otherGenerations, table: "draft" })],
    });
    this.#workers.push(worker);
    await this.#until("the log to be armed", async () => {
      const runs = this.#partitions(entity).map(({ meta }) => this.#client.hget(meta, "run"));
      return (await Promise.all(runs)).every((run) => run !== null);
    });
    return worker;
  }

  /** Resolves when every accepted write of the log is in its table. */
  async drained(release: Release): Promise<void> {
    await this.#until("the log to be drained", async () => {
      const partitions = this.#partitions(draftOf(release));
      const lengths = partitions.flatMap(({ wb, dirty }) => [this.#client.xlen(wb), this.#client.hlen(dirty)]);
      return (await Promise.all(lengths)).every((length) => length === 0);
    });
  }

  /** Every revision that there was, by entity: of the log, what was accepted. */
  async history(traffics: readonly Traffic[]): Promise<History> {
    const drafts = new Map<number, Map<number, Record<string, string | number> | null>>();
    for (const { accepted } of traffics) {
      for (const [key, versions] of accepted) drafts.set(key, new Map([...(drafts.get(key) ?? []), ...versions]));
    }
    const [Order, Cart, Note] = await Promise.all([
      this.truth.history("Order"),
      this.truth.history("Cart"),
      this.truth.history("Note"),
    ]);
    return { Order, Cart, Note, Draft: drafts };
  }

  /** Columns that a row of the log's table lacks or has otherwise than they were accepted. Only drained. */
  async lostColumns(traffic: Traffic): Promise<readonly string[]> {
    const found: string[] = [];
    for (const [key, { revision, row }] of await this.truth.current("Draft")) {
      const accepted = traffic.accepted.get(key)?.get(revision) ?? {};
      for (const [name, value] of Object.entries(accepted)) {
        // No release's draft has a tier.
        if (name !== "tier" && row?.[name] !== value)
          found.push(`Draft ${key}: ${name} is ${row?.[name]}, not ${value}`);
      }
    }
    return found;
  }

  /**
   * What is wrong with what Redis holds for a release's readers, read past every cache: each entry must be the row's last
   * revision. Only at rest, and drained.
   */
  async staleEntries(release: Release, keys: number): Promise<readonly string[]> {
    const found: string[] = [];
    for (const message of MESSAGES) {
      const entity = release.entities[message] as AnyEntity;
      const current = await this.truth.current(message);
      for (let id = 1; id <= keys; id++) {
        const bytes = await this.#client.getBuffer(entryKeys(entity.record, "", { id }).value);
        if (bytes === null) continue;
        const { value, version } = decodeEntry(entity, bytes, { id });
        const row = current.get(id);
        const held =
          value === null ? "nothing" : `revision ${message === "Draft" ? version : rowOf(value)["revision"]}`;
        const truth = row === undefined || row.row === null ? "nothing" : `revision ${row.revision}`;
        if (held !== truth) {
          found.push(`${message}@${entity.record.generation} ${id} holds ${held}, the row is ${truth}`);
        }
      }
    }
    return found;
  }

  /** What each member answers for each row, where it is not the row's last revision. Only at rest, and drained. */
  async staleAnswers(members: readonly Member[], keys: number): Promise<readonly string[]> {
    const found: string[] = [];
    for (const message of MESSAGES) {
      const current = await this.truth.current(message);
      const read = async (member: Member, key: number): Promise<void> => {
        const outcome = await member.ask({ op: "read", message, key });
        const what = `${member.name} ${message} ${key}`;
        if ("error" in outcome) {
          found.push(`${what}: ${outcome.error.code} ${outcome.error.message}`);
          return;
        }
        const { row, version } = outcome.ok as { row: Row | null; version: number };
        const seen = row === null ? "nothing" : `revision ${message === "Draft" ? version : row["revision"]}`;
        const truth = current.get(key);
        const expected = truth === undefined || truth.row === null ? "nothing" : `revision ${truth.revision}`;
        if (seen !== expected) found.push(`${what} answers ${seen}, the row is ${expected}`);
      };
      const every = members.flatMap((member) => Array.from({ length: keys }, (_, index) => read(member, index + 1)));
      await Promise.all(every);
    }
    return found;
  }

  /** Ends the members and workers, and empties both servers. */
  async clear(): Promise<void> {
    await Promise.all(this.#members.splice(0).map((member) => member.close()));
    await Promise.all(this.#workers.splice(0).map((worker) => worker.stop()));
    await this.#client.flushall();
    await this.truth.empty();
    await this.truth.pool.query("truncate wb_part, wb_worker");
  }

  async close(): Promise<void> {
    await this.clear();
    this.#client.disconnect();
    await this.truth.close();
    await Promise.all([this.redis.stop(), this.postgres.stop()]);
  }

  #partitions({ record }: AnyEntity): readonly ReturnType<typeof logKeys>[] {
    return Array.from({ length: record.partitions }, (_, partition) => logKeys(record, "", partition));
  }

  async #until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + DRAIN_TIMEOUT_MS;
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error(`waited ${DRAIN_TIMEOUT_MS} ms for ${what}`);
      // Servers have no event for it.
      await sleep(10);
    }
  }
}

function draftOf(release: Release): AnyEntity {
  return release.entities["Draft" satisfies Message] as AnyEntity;
}
