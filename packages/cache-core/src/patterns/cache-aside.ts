import { CachepactError } from "@cachepact/wire";
import { type EntityContext, liveKeys } from "../context.ts";
import type { WriteOutcome } from "../events.ts";
import { isVersioned } from "../loaded.ts";
import { deliver } from "../resilience/delivery.ts";

/**
 * Cache-aside: deletes the entry after the caller's commit, in every live generation. A load that began before it can
 * no longer store (SPEC 10.4).
 *
 * Returns when Redis has acknowledged it: a read that starts afterwards, anywhere, never sees an older value.
 *
 * @throws {CachepactError} E_PENDING when Redis could not be told in time: it goes on in the background; E_VERSION when
 *   the loader may read a replica and `version` (0 = none) is missing; E_RANGE, E_OPTION on a wrong one; what the key
 *   builder throws
 */
export async function invalidate<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  key: Key,
  version: number,
): Promise<void> {
  const { record, core } = context;
  if (version === 0 && record.replica_reads) {
    throw new CachepactError(
      "E_VERSION",
      `cannot invalidate ${record.entity} without a version: its loader may read a lagging replica; pass the committed version`,
    );
  }
  if (!Number.isSafeInteger(version) || version < 0) {
    throw new CachepactError(
      "E_RANGE",
      `cannot invalidate ${record.entity}: version must be a whole number up to 2^53-1`,
    );
  }
  if (version > 0 && !isVersioned(record)) {
    throw new CachepactError(
      "E_OPTION",
      `cannot invalidate ${record.entity} by version: the contract names no version field`,
    );
  }
  const report = (outcome: WriteOutcome): void => {
    if (core.events.active)
      core.events.emit({ type: "write", entity: record.entity, operation: "invalidate", outcome });
  };
  // keep is off: a version that restarts when a row is inserted again would otherwise keep the old row.
  const finish = { token: "", prev: "", version, keep: false };
  const targets = liveKeys(context, key);
  const codes = await Promise.all(targets.map((keys) => deliver(context, keys, finish)));
  // A write-behind value that is not in the database yet stays: it is newer than what this call is about.
  if (!codes.includes(null)) return report(codes[0] === "DIRTY" ? "kept" : "deleted");
  report("pending");
  throw new CachepactError(
    "E_PENDING",
    `the invalidation of a ${record.entity} is not delivered yet: Redis did not answer; it is retried in the background, and this process bypasses the key`,
    { retryAfterMs: core.options.deliverTimeoutMs },
  );
}
