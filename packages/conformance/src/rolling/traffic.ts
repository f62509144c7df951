import type { SeededRandom } from "@cachepact/cache-core/testing";
import { MESSAGES, type Message } from "./contract.ts";
import type { Member } from "./member-process.ts";
import type { Row } from "./row.ts";

/** Something that was read, with what the reader had a right to. */
export interface Observation {
  readonly member: Member;
  readonly message: Message;
  readonly key: number;
  /** The highest revision (write-behind: version) whose write had returned before the read was sent; 0 = none. */
  readonly atLeast: number;
  readonly row: Row | null;
  readonly version: number;
  readonly foreign: boolean;
  readonly maybeStale: boolean;
  readonly source: string;
}

/** What was accepted by a log: null = a removal. */
export type Accepted = ReadonlyMap<number, Row | null>;

/** What happened while the fleets ran together. */
export interface Traffic {
  readonly observations: readonly Observation[];
  /** Accepted writes of `Draft`, by key and version. */
  readonly accepted: ReadonlyMap<number, Accepted>;
  /** Calls that failed: none should. */
  readonly failures: readonly string[];
  readonly writes: number;
  /** The highest revision (write-behind: version) whose write has returned, by entity and key. */
  readonly acknowledged: ReadonlyMap<string, number>;
}

export interface TrafficOptions {
  readonly random: SeededRandom;
  readonly operations: number;
  /** Rows of each entity: few, so that the members meet. */
  readonly keys: number;
  /** Calls under way at once. */
  readonly concurrency: number;
  /** What went before on the same rows: what was acknowledged then is a reader's right now. Default: nothing. */
  readonly after?: Traffic | undefined;
}

/**
 * Random reads, writes (written through, or committed and invalidated; behind for `Draft`) and deletions of few rows by
 * members at random, many at once. The same seed gives the same calls; how they interleave is the machines' affair.
 */
export async function runTraffic(members: readonly Member[], options: TrafficOptions): Promise<Traffic> {
  const { random, operations, keys, concurrency, after } = options;
  const run = new Run(members, random, keys, after?.acknowledged ?? new Map());
  let left = operations;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await run.call();
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return run;
}

class Run implements Traffic {
  readonly observations: Observation[] = [];
  readonly accepted = new Map<number, Map<number, Row | null>>();
  readonly failures: string[] = [];
  writes = 0;
  readonly #members: readonly Member[];
  readonly #random: SeededRandom;
  readonly #keys: number;
  readonly acknowledged: Map<string, number>;
  #calls = 0;

  constructor(
    members: readonly Member[],
    random: SeededRandom,
    keys: number,
    acknowledged: ReadonlyMap<string, number>,
  ) {
    this.acknowledged = new Map(acknowledged);
    this.#members = members;
    this.#random = random;
    this.#keys = keys;
  }

  call(): Promise<void> {
    const member = this.#pick(this.#members);
    const message = this.#pick(MESSAGES);
    const key = 1 + Math.floor(this.#random.next() * this.#keys);
    const chance = this.#random.next();
    if (chance < 0.6) return this.#read(member, message, key);
    this.writes += 1;
    const row = chance > 0.94 ? null : this.#row(member);
    if (message === "Draft") return this.#put(member, key, row);
    return this.#write(member, message, key, chance < 0.8 ? "write" : "invalidate", row);
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random.next() * from.length)] as T;
  }

  /** A row that tells who wrote it, with all columns that this member's release has. */
  #row(member: Member): Row {
    this.#calls += 1;
    const columns: Record<string, string | number> = {
      name: `${member.name} ${this.#calls}`,
      amount: Math.floor(this.#random.next() * 1_000_000),
      tier: 1 + Math.floor(this.#random.next() * 2),
    };
    const fields = new Set(member.release.entities["Order"]?.record.schema.fields.map(({ name }) => name));
    if (fields.has("nickname")) {
      columns["nickname"] = `nick ${this.#calls}`;
      columns["points"] = 1 + Math.floor(this.#random.next() * 1_000);
      if (this.#random.next() < 0.3) columns["tier"] = 3;
    }
    return columns;
  }

  async #read(member: Member, message: Message, key: number): Promise<void> {
    const atLeast = this.acknowledged.get(`${message} ${key}`) ?? 0;
    const outcome = await member.ask({ op: "read", message, key });
    if ("error" in outcome) return this.#failed(member, "read", message, outcome.error);
    const { row, version, foreign, maybeStale, source } = outcome.ok as unknown as Observation;
    this.observations.push({ member, message, key, atLeast, row, version, foreign, maybeStale, source });
  }

  async #write(
    member: Member,
    message: Message,
    key: number,
    op: "write" | "invalidate",
    row: Row | null,
  ): Promise<void> {
    const outcome = await member.ask({ op, message, key, row });
    if ("error" in outcome) return this.#failed(member, op, message, outcome.error);
    this.#acknowledge(message, key, Number(outcome.ok["revision"]));
  }

  async #put(member: Member, key: number, columns: Row | null): Promise<void> {
    const row = columns === null ? null : { ...columns, revision: this.#calls };
    const outcome = await member.ask({ op: row === null ? "remove" : "put", message: "Draft", key, row });
    if ("error" in outcome) return this.#failed(member, "put", "Draft", outcome.error);
    const version = Number(outcome.ok["version"]);
    const versions = this.accepted.get(key) ?? new Map<number, Row | null>();
    this.accepted.set(key, versions.set(version, row));
    this.#acknowledge("Draft", key, version);
  }

  #acknowledge(message: Message, key: number, revision: number): void {
    const name = `${message} ${key}`;
    this.acknowledged.set(name, Math.max(revision, this.acknowledged.get(name) ?? 0));
  }

  #failed(member: Member, op: string, message: Message, error: { code: string; message: string }): void {
    this.failures.push(`${member.name} ${op} ${message}: ${error.code} ${error.message}`);
  }
}
