import { type EntityRecord, type EntryKeys, entryKeys, keyFromId, type LogKeys, logKeys } from "@cachepact/wire";
import type { Sink } from "./sinks/sink.ts";

/** Bytes that one accepted write is reckoned at beside twice its payload: stream entry, mark, value, op record. */
export const EVENT_COST_BYTES = 400;
/** Share of Redis' maxmemory that the backlog of one log may take. */
export const LOG_MEMORY_RATIO = 0.25;
/** The backlog limit of one log when Redis has no maxmemory. */
export const LOG_LIMIT_BYTES: number = 256 * 1024 * 1024;

/** One write-behind log as the worker sees it: its sink and its names in Redis. */
export class Log {
  readonly sink: Sink;
  readonly name: string;
  readonly #namespace: string;

  constructor(sink: Sink, namespace: string) {
    this.sink = sink;
    this.name = sink.log;
    this.#namespace = namespace;
  }

  /** The contract of the highest generation: expiry is its to say. */
  get record(): EntityRecord {
    return [...this.sink.entities.entries()].reduce((a, b) => (a[0] > b[0] ? a : b))[1].record;
  }

  /** The records of one partition. They carry no generation: any of the log's contracts gives the same. */
  partitionKeys(partition: number): LogKeys {
    for (const entity of this.sink.entities.values()) return logKeys(entity.record, this.#namespace, partition);
    throw new TypeError(`the sink of log ${this.name} lists no entity`);
  }

  /** The keys of one entry under the generation that wrote it. */
  entryKeys(id: string, generation: number): EntryKeys {
    const entity = this.sink.entities.get(generation);
    if (entity === undefined) throw new TypeError(`generation ${generation} of log ${this.name} is not known`);
    return entryKeys(entity.record, this.#namespace, keyFromId(entity.record, id), generation);
  }

  /** The backlog limit of one partition, in bytes: `limitBytes` of the whole log, or the default for this server. */
  partitionLimit(limitBytes: number | null, memoryMaxBytes: number): number {
    const standard = memoryMaxBytes > 0 ? memoryMaxBytes * LOG_MEMORY_RATIO : LOG_LIMIT_BYTES;
    return Math.floor((limitBytes ?? standard) / this.sink.partitions);
  }
}
