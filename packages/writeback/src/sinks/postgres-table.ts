import { CachepactError, type Entity } from "@cachepact/wire";
import { type Database, sqlState } from "../database.ts";
import { sql } from "../sql.ts";
import type { Sink, SinkBatch, SinkResult } from "./sink.ts";

export interface TableOptions<Key extends object, Value extends object> {
  /** A contract with a log. */
  readonly entity: Entity<Key, Value>;
  /**
   * Table with the columns `id text primary key, ver bigint not null, gen integer not null, doc jsonb not null`, in the
   * application's migrations. `schema.table` is possible; each part is taken as it is written, case included.
   */
  readonly table: string;
  /**
   * The contracts of the log's other live generations: during a bump their events stand in the log as well. A worker that
   * knows the old and the new generation is rolled out before the services of the first release that writes the new one.
   *
   * The row keeps the generation that wrote it, and its document has that generation's shape: a loader looks at `gen`.
   * Default: none; an event of another generation stops its partition until such a worker comes.
   */
  readonly otherGenerations?: readonly Entity<object, object>[];
}

interface BatchRow {
  readonly held: number;
  readonly newer: string[];
}

/**
 * A sink that keeps each value as one document in a Postgres table, beside the partitions that it fences with.
 *
 * @throws {CachepactError} `E_PATTERN` when the entity has no log; `E_OPTION` when the table's name is empty, or a contract
 *   of `otherGenerations` belongs to another log or to a generation that is there already.
 */
export function table<Key extends object, Value extends object>(options: TableOptions<Key, Value>): Sink {
  const { record } = options.entity;
  if (record.log === null) {
    throw new CachepactError(
      "E_PATTERN",
      `making a sink for entity ${record.entity}: its contract names no log; add \`log\` to its entry option, or write it through`,
    );
  }
  const name = quoteName(options.table);
  const entities = byGeneration([options.entity, ...(options.otherGenerations ?? [])]);
  const batchText = sql("batch").replaceAll(':"table"', name);
  const probeText = `select id::text, ver::bigint, gen::integer, doc::jsonb from ${name} limit 0`;
  // Prepared once a connection; the name differs by table because the text does.
  const statement = `cachepact-batch-${name}`.slice(0, 63);

  return {
    log: record.log,
    partitions: record.partitions,
    entities,

    async check(database: Database): Promise<void> {
      try {
        await database.query(probeText);
      } catch (cause) {
        // 42: no such table or column, a column of another type, no permission.
        if (!sqlState(cause)?.startsWith("42")) throw cause;
        throw new CachepactError(
          "E_MIGRATION",
          `checking the table of log ${record.log}: ${name} is missing, not readable or of another shape; ` +
            "create it with the columns id text primary key, ver bigint, gen integer, doc jsonb",
          { cause },
        );
      }
    },

    async apply(database: Database, batch: SinkBatch): Promise<SinkResult> {
      const { upserts, removals } = batch;
      const values = [
        batch.log,
        batch.partition,
        batch.fence,
        batch.top,
        batch.leaseMs,
        upserts.map((row) => row.id),
        upserts.map((row) => row.version),
        upserts.map((row) => row.generation),
        upserts.map((row) => row.document),
        removals.map((row) => row.id),
        removals.map((row) => row.version),
      ];
      const [row] = await database.query<BatchRow>(batchText, values, statement);
      if (row === undefined || row.held === 0) return { held: false };
      return { held: true, newer: new Set(row.newer) };
    },
  };
}

/** The first contract decides what the log is; the others must be its other generations. */
function byGeneration(
  contracts: readonly [Entity<object, object>, ...Entity<object, object>[]],
): ReadonlyMap<number, Entity<object, object>> {
  const [{ record: own }] = contracts;
  const entities = new Map<number, Entity<object, object>>();
  for (const contract of contracts) {
    const { entity, log, partitions, generation } = contract.record;
    if (entity !== own.entity || log !== own.log || partitions !== own.partitions || entities.has(generation)) {
      throw new CachepactError(
        "E_OPTION",
        `making a sink for log ${own.log}: \`otherGenerations\` holds generation ${generation} of ${entity} on ` +
          `${partitions} partitions of log ${log}; pass each other generation of ${own.entity} once`,
      );
    }
    entities.set(generation, contract);
  }
  return entities;
}

/** Quotes each part of `schema.table` as an identifier. */
function quoteName(name: string): string {
  const parts = name.split(".");
  if (parts.some((part) => part === "" || part.includes("\0"))) {
    throw new CachepactError(
      "E_OPTION",
      `making a sink: \`table\` is ${JSON.stringify(name)}; pass table or schema.table`,
    );
  }
  return parts.map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
}
