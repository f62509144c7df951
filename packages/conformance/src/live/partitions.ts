import { type EntityRecord, logKeys, scripts } from "@cachepact/wire";
import type { Redis } from "ioredis";

/** The limit of one partition, in bytes: more than these tests write. */
const LIMIT = 10_000_000;

/** Does what a worker does first: ties every partition of a log to the server process that runs now. */
export async function armPartitions(client: Redis, record: EntityRecord): Promise<void> {
  const run = /run_id:(\w+)/.exec(await client.info("server"))?.[1] ?? "";
  for (let partition = 0; partition < record.partitions; partition += 1) {
    const { meta, wb, dirty } = logKeys(record, "", partition);
    await client.eval(scripts.rearm.source, 3, meta, wb, dirty, run, "1", "0", String(LIMIT));
  }
}
