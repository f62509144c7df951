import { type Pool, Pool as PostgresPool, type QueryResultRow } from "pg";

/** A statement that takes longer than this is cancelled by the server and repeated: one batch takes milliseconds. */
export const STATEMENT_TIMEOUT_MS = 5_000;
/** A row lock held longer than this by somebody else: give up and let other partitions go on. */
export const LOCK_TIMEOUT_MS = 2_000;
/** Above the server's own limit, for a server that does not answer at all. */
export const ANSWER_TIMEOUT_MS = 7_000;
/** Time for a new connection to Postgres. */
export const CONNECT_TIMEOUT_MS = 3_000;

/** What a failed statement asks for. */
export type DatabaseFailure =
  /** Try again: connection, shutdown, deadlock, serialization, resources, timeout. */
  | "transient"
  /** A row holds what the database refuses (SQLSTATE class 22 or 23): trying again gives the same. */
  | "refused"
  /** The statement itself is refused: schema, permission, or anything unknown. Somebody must act. */
  | "database";

// 08 connection, 25 read-only after a failover, 40 rolled back, 53 resources, 55 lock not available, 57 shutdown or
// cancel, 58 system.
const TRANSIENT_CLASSES: ReadonlySet<string> = new Set(["08", "25", "40", "53", "55", "57", "58"]);

/** The SQLSTATE of an error that came from the Postgres server; undefined when no server answered. */
export function sqlState(error: unknown): string | undefined {
  // Socket errors carry a `code` too (ECONNREFUSED); only the server's have a severity and five characters.
  if (!(error instanceof Error) || !("code" in error) || !("severity" in error)) return undefined;
  return typeof error.code === "string" && error.code.length === 5 ? error.code : undefined;
}

/** Sorts a failed statement into what is to be done about it. */
export function classifyFailure(error: unknown): DatabaseFailure {
  const state = sqlState(error);
  if (state === undefined || TRANSIENT_CLASSES.has(state.slice(0, 2))) return "transient";
  return state.startsWith("22") || state.startsWith("23") ? "refused" : "database";
}

/** Whether a statement was given up because it took too long: a smaller one may succeed. */
export function tookTooLong(error: unknown): boolean {
  // 57014: cancelled by statement_timeout. The text is node-postgres' own, of its query_timeout.
  return sqlState(error) === "57014" || (error instanceof Error && error.message === "Query read timeout");
}

/** The worker's door to Postgres: single autocommit statements with an upper bound on waiting. */
export class Database {
  readonly pool: Pool;
  readonly #owned: boolean;

  /** `connections` counts only for a pool made here; one that is passed in keeps its own settings and is not closed. */
  constructor(postgres: Pool | string, connections: number, onError: (error: Error) => void) {
    this.#owned = typeof postgres === "string";
    this.pool =
      typeof postgres === "string"
        ? new PostgresPool({
            connectionString: postgres,
            max: connections,
            application_name: "cachepact-writeback",
            connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
            statement_timeout: STATEMENT_TIMEOUT_MS,
            lock_timeout: LOCK_TIMEOUT_MS,
            keepAlive: true,
          })
        : postgres;
    // An idle connection that the server closes would otherwise end the process.
    if (this.#owned) this.pool.on("error", onError);
  }

  /** Runs one statement; `name` keeps it prepared on each connection. */
  async query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    name?: string,
  ): Promise<Row[]> {
    const request = {
      text,
      values: [...values],
      // Of node-postgres, missing in its types: rejects here and drops the connection when no answer comes.
      query_timeout: ANSWER_TIMEOUT_MS,
      ...(name === undefined ? {} : { name }),
    };
    const result = await this.pool.query<Row>(request);
    return result.rows;
  }

  async close(): Promise<void> {
    if (this.#owned) await this.pool.end();
  }
}
