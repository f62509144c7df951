import { migrate } from "@cachepact/writeback";
import { Pool } from "pg";
import type { Message } from "./contract.ts";
import type { Row } from "./row.ts";

/**
 * The source of truth: one row of `truth` for each row of an entity, whose revision rises under its lock, and every
 * revision that there ever was in `history`. `draft` is the table of the write-behind entity.
 */
const SCHEMA = `
  create table truth (entity text, id bigint, revision bigint not null, doc jsonb, primary key (entity, id));
  create table history (entity text, id bigint, revision bigint, doc jsonb, primary key (entity, id, revision));
  create table draft (id text primary key, ver bigint not null, gen integer not null, doc jsonb not null);
`;

/** One revision of a row; a null row = it was deleted. */
export interface Revision {
  readonly revision: number;
  readonly row: Row | null;
}

/** What the test knows of the database, read past every cache. */
export class Truth {
  readonly pool: Pool;

  private constructor(pool: Pool) {
    this.pool = pool;
  }

  static async create(url: string): Promise<Truth> {
    const pool = new Pool({ connectionString: url, max: 4 });
    await migrate(pool);
    await pool.query(SCHEMA);
    return new Truth(pool);
  }

  /** Every revision of every row of an entity that is written through, by id and revision. */
  async history(message: Message): Promise<ReadonlyMap<number, ReadonlyMap<number, Row | null>>> {
    const { rows } = await this.pool.query("select id, revision, doc from history where entity = $1", [message]);
    const found = new Map<number, Map<number, Row | null>>();
    for (const { id, revision, doc } of rows) {
      const revisions = found.get(Number(id)) ?? new Map<number, Row | null>();
      found.set(Number(id), revisions.set(Number(revision), doc));
    }
    return found;
  }

  /** The rows as they stand, by id. */
  async current(message: Message): Promise<ReadonlyMap<number, Revision>> {
    const text =
      message === "Draft"
        ? "select id, ver as revision, doc from draft"
        : "select id, revision, doc from truth where entity = $1";
    const { rows } = await this.pool.query(text, message === "Draft" ? [] : [message]);
    return new Map(rows.map(({ id, revision, doc }) => [Number(id), { revision: Number(revision), row: doc }]));
  }

  async empty(): Promise<void> {
    await this.pool.query("truncate truth, history, draft, cachepact_tombstone");
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
