import { type EntityRecord, logKeys, scripts } from "@cachepact/wire";
import type { Redis } from "ioredis";

/** The limit of one partition unless a test names another, in bytes. */
const LIMIT = 10_000_000;

/** What a worker does first: ties every partition of a log to the server process that runs now. */
export async function armPartitions(client: Redis, record: EntityRecord, limit: number = LIMIT): Promise<void> {
  const run = /run_id:(\w+)/.exec(await client.info("server"))?.[1] ?? "";
  const { source } = scripts.rearm;
  for (let partition = 0; partition < record.partitions; partition++) {
    const { meta, wb, dirty } = logKeys(record, "", partition);
    await client.eval(source, 3, meta, wb, dirty, run, "1", "0", String(limit));
  }
}

/** The ids and stream ids of all accepted writes that wait, in order within their partition. */
export async function waitingWrites(client: Redis, record: EntityRecord): Promise<{ id: string; version: number }[]> {
  const found: { id: string; version: number }[] = [];
  for (let partition = 0; partition < record.partitions; partition++) {
    for (const [streamId, fields] of await client.xrange(logKeys(record, "", partition).wb, "-", "+")) {
      found.push({ id: fields[fields.indexOf("k") + 1] ?? "", version: Number(streamId.split("-")[0]) });
    }
  }
  return found;
}
