import { CachepactError } from "@cachepact/wire";
import type { ArmedState } from "./events.ts";
import type { Ownership } from "./ownership.ts";
import type { Partition } from "./partition.ts";
import type { RedisConnection, ServerFacts } from "./redis.ts";

/** What arming found. `clk`: every version accepted from now on is above it. */
export interface Armed {
  readonly state: ArmedState;
  readonly epoch: number;
  readonly clk: number;
  /** Keys that are marked as not yet written. */
  readonly dirty: number;
}

/**
 * Ties a partition to the server process that this connection talks to: from then on that process accepts writes, with
 * versions above everything the database has seen. Null when the partition is no longer ours.
 */
export async function arm(
  partition: Partition,
  connection: RedisConnection,
  facts: ServerFacts,
  ownership: Ownership,
  limitBytes: number,
): Promise<Armed | null> {
  const { log, keys } = partition;
  const standing = await ownership.raise(log.name, partition.claim);
  if (standing === null) return null;
  partition.claim = { partition: partition.claim.partition, fence: standing.fence };
  const reply = await connection.script(
    "rearm",
    [keys.meta, keys.wb, keys.dirty],
    [facts.run, standing.epoch + 1, standing.maxVersion, limitBytes],
  );
  const [word, epochText, clk, dirty] = reply;
  const epoch = Number(epochText);
  const state = stateOf(word, standing.epoch);
  // Also when it is no loss: a worker that ended between arming and this line left Redis ahead.
  if (epoch > standing.epoch) await ownership.beginEpoch(log.name, partition.claim, epoch);
  return { state, epoch, clk: Number(clk), dirty: Number(dirty) };
}

function stateOf(word: string | undefined, knownEpoch: number): ArmedState {
  switch (word) {
    case "SAME":
      return "same";
    case "OK":
      return "restarted";
    case "OLDER":
      return "older";
    case "LOSS":
      // Nothing was ever armed, so there was nothing to lose.
      return knownEpoch === 0 ? "new" : "loss";
    default:
      throw new CachepactError(
        "E_SCRIPT",
        `arming a partition: script rearm answered ${String(word)}; use one release of cachepact`,
      );
  }
}
