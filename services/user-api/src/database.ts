import pg from "pg";
import { DatabaseUnavailable } from "./errors.ts";

/** A connection that is not there within this time counts as down: readers should not queue behind a dead server. */
const CONNECT_TIMEOUT_MS = 1_000;
/** Every statement of this service takes a few milliseconds; the server cancels what takes this long. */
const STATEMENT_TIMEOUT_MS = 5_000;
/** For a server that does not even cancel, because it hangs. Longer than the statement timeout. */
const ANSWER_TIMEOUT_MS = 6_000;
const CONNECTIONS_MAX = 10;

/** The part of a pool that the repositories need. */
export interface Database {
  /**
   * Runs one statement and gives its rows.
   *
   * @throws {DatabaseUnavailable} when no answer came, or the server says that it cannot serve now.
   * @throws {pg.DatabaseError} when the server refused the statement itself.
   */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** SQLSTATE classes in which the server refuses everybody, not this statement: connection, resources, shutdown, system. */
const NOT_NOW = /^(08(?!P01)|53|57|58)/;

/**
 * A lazy connection pool: nothing is connected before the first statement, so the service starts while Postgres is away.
 *
 * @param onError is told about connections that break while they are idle; without a listener they would end the process.
 */
export function connectDatabase(url: string, onError: (error: Error) => void): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    application_name: "user-api",
  });
  pool.on("error", onError);
  return {
    async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
      try {
        return (await pool.query<Row>(text, [...values])).rows;
      } catch (error) {
        // Anything but a verdict of the server on the statement means that there was no answer.
        if (error instanceof pg.DatabaseError && !NOT_NOW.test(error.code ?? "")) throw error;
        throw new DatabaseUnavailable(error);
      }
    },
    close: () => pool.end(),
  };
}
