import { CachepactError } from "@cachepact/wire";
import type { Database } from "./database.ts";
import { sql } from "./sql.ts";

/** A partition that was claimed, with the fence under which it may be written. */
export interface Claim {
  readonly partition: number;
  /** A bigint as text: it is compared by the database only. */
  readonly fence: string;
}

/** What the database knows of a partition. */
export interface Standing {
  /** The fence from now on. */
  readonly fence: string;
  readonly epoch: number;
  /** The highest version that was ever written. */
  readonly maxVersion: number;
}

/**
 * Who may write which partition: leases and fences in the sink's own database, on its clock.
 *
 * A lease only keeps others from claiming early; that two owners never both write is the fence's work, checked inside the
 * statement that writes.
 */
export class Ownership {
  readonly #database: Database;
  readonly #worker: string;
  readonly #leaseMs: number;

  constructor(database: Database, worker: string, leaseMs: number) {
    this.#database = database;
    this.#worker = worker;
    this.#leaseMs = leaseMs;
  }

  /**
   * Makes sure that the log has its partitions.
   *
   * @throws {CachepactError} `E_OPTION` when the log exists with another number: its keys would change their partition.
   */
  async register(log: string, partitions: number): Promise<void> {
    await this.#database.query(sql("register"), [log, partitions]);
    // Workers that were killed leave their row.
    await this.#database.query("delete from wb_worker where log = $1 and seen < clock_timestamp() - interval '1 day'", [
      log,
    ]);
    const [row] = await this.#database.query<{ count: number }>(
      "select count(*)::integer as count from wb_part where log = $1",
      [log],
    );
    const found = row?.count ?? 0;
    if (found !== partitions) {
      const problem = `log ${log} has ${found} partitions in the database, its contract says ${partitions}`;
      throw new CachepactError(
        "E_OPTION",
        `starting a worker: ${problem}; put the contract's number back, or give the entity a new log`,
        { problems: [problem] },
      );
    }
  }

  /** Says that this worker lives, and counts those that do. */
  async beat(log: string): Promise<number> {
    const [row] = await this.#database.query<{ live: string }>(sql("heartbeat"), [log, this.#worker, this.#leaseMs]);
    return Number(row?.live ?? 1);
  }

  /** Takes this worker out of the count and gives what `beat` would if it were the last one to come. */
  async standAside(log: string): Promise<number> {
    await this.leave(log);
    const [row] = await this.#database.query<{ live: string }>(sql("live"), [log, this.#leaseMs]);
    return Math.max(1, Number(row?.live ?? 0));
  }

  /** Extends the leases of `partitions` and gives those that are still ours. */
  async renew(log: string, partitions: readonly number[]): Promise<ReadonlySet<number>> {
    if (partitions.length === 0) return new Set();
    const values = [log, this.#worker, partitions, this.#leaseMs];
    const rows = await this.#database.query<{ p: number }>(sql("renew"), values);
    return new Set(rows.map((row) => row.p));
  }

  /** Claims up to `most` free partitions, none of `except`. */
  async claim(log: string, most: number, except: readonly number[]): Promise<Claim[]> {
    const values = [log, this.#worker, this.#leaseMs, most, except];
    const rows = await this.#database.query<{ p: number; fence: string }>(sql("claim"), values);
    return rows.map((row) => ({ partition: row.p, fence: row.fence }));
  }

  async release(log: string, claim: Claim): Promise<void> {
    await this.#database.query(sql("release"), [log, claim.partition, claim.fence]);
  }

  /** Takes this worker out of the count. */
  async leave(log: string): Promise<void> {
    await this.#database.query(sql("leave"), [log, this.#worker]);
  }

  /**
   * Raises the fence of a partition before it is armed; null when it is no longer ours.
   *
   * Every failure is followed by arming, so that no statement of before can take effect beside one of after.
   */
  async raise(log: string, claim: Claim): Promise<Standing | null> {
    const values = [log, claim.partition, claim.fence, this.#leaseMs];
    const [row] = await this.#database.query<{ fence: string; epoch: string; max_ver: string }>(sql("raise"), values);
    if (row === undefined) return null;
    return { fence: row.fence, epoch: Number(row.epoch), maxVersion: Number(row.max_ver) };
  }

  /** Notes the epoch that arming began. */
  async beginEpoch(log: string, claim: Claim, epoch: number): Promise<void> {
    await this.#database.query(sql("begin-epoch"), [log, claim.partition, claim.fence, epoch]);
  }
}
