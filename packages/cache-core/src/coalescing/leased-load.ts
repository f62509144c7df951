import { CachepactError } from "@cachepact/wire";
import type { EntityContext } from "../context.ts";
import type { FillResult } from "../events.ts";
import { type Lifetime, lifetime, negativeLifetime } from "../expiration/ttl.ts";
import { type LoadRequest, type Row, runLoader } from "../loader.ts";
import type { FillCode, Storing } from "../store/scripts.ts";
import { storingOf } from "../store/storing.ts";
import { classify } from "../store/transport-error.ts";
import { Lease } from "./lease.ts";
import type { Flight } from "./single-flight.ts";

/** The right to load one key, as `acquire` gave it. */
export interface Grant {
  readonly token: string;
  /** When that acquire was sent, on the monotonic clock. */
  readonly grantedAt: number;
  /** What that acquire rejected; `fill` is told the same. */
  readonly seen: string;
}

/** A row and what became of the attempt to store it. `UNSTORED`: no usable reply, or nothing was sent. */
export interface LeasedRow<Value extends object> {
  readonly row: Row<Value>;
  readonly code: FillCode | "UNSTORED";
}

/**
 * Loads a row under a lease that is kept alive meanwhile, and offers it to Redis once.
 *
 * Every way out ends the lease: `fill` uses it up, a failure gives it back; if that message gets lost, others wait no
 * longer than the lease lasts.
 */
export async function loadUnderLease<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  request: LoadRequest<Key, Value>,
  grant: Grant,
  minVersion: number,
  flight: Flight | null,
): Promise<LeasedRow<Value>> {
  const { core } = context;
  const { keys } = request;
  const release = (): void => core.background.run(core.scripts.release(keys, grant.token));
  const lease = new Lease({
    clock: core.clock,
    ms: core.options.leaseMs,
    grantedAt: grant.grantedAt,
    renew: () => core.scripts.renew(keys, grant.token, core.options.leaseMs, "r"),
  });
  let row: Row<Value>;
  let storing: Storing | null;
  try {
    flight?.admit();
    row = await runLoader(context, request);
    if (row.value !== null) checkMinVersion(context, row.version, minVersion);
    storing = storingOf(context, row.value, row.version, row.costMs, lifeOf(context, request, row));
  } catch (error) {
    release();
    throw error;
  } finally {
    lease.stop();
  }
  if (storing === null) {
    release();
    report(context, "error");
    return { row, code: "UNSTORED" };
  }
  const moment = flight?.moment();
  try {
    const code = await core.scripts.fill(keys, grant.token, storing, grant.seen);
    report(context, FILL_RESULTS[code]);
    // Stored = no write has ended since the lease was given: whoever started before this message may share the row.
    if (code === "STORED") flight?.admit(moment);
    return { row, code };
  } catch (error) {
    // Refused for want of memory means that the lease is still there; any other failure may have used it up.
    if (classify(error).reason === "oom") release();
    report(context, "error");
    return { row, code: "UNSTORED" };
  }
}

/**
 * Refuses what is older than the caller's token; an absent row has no version to hold against it.
 *
 * @throws {CachepactError} E_MIN_VERSION
 */
export function checkMinVersion<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  version: number,
  minVersion: number,
): void {
  if (version >= minVersion) return;
  throw new CachepactError(
    "E_MIN_VERSION",
    `read a ${context.record.entity} of version ${version} where at least ${minVersion} was asked for; check that the loader reads the primary`,
  );
}

const FILL_RESULTS: Readonly<Record<FillCode, FillResult>> = {
  STORED: "stored",
  LOST: "lost",
  STALE: "stale",
  NEWER: "newer",
};

function lifeOf<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  request: LoadRequest<Key, Value>,
  row: Row<Value>,
): Lifetime {
  const { record, core } = context;
  if (row.value === null) return negativeLifetime(record, row.ttlMs);
  // A server that evicts may have dropped the floor which would refuse a lagging replica's row: such a row is reloaded
  // as soon as the floor would have ended.
  const evicts = core.server()?.evictionPolicy !== "noeviction";
  const lags = record.replica_reads && !request.primary && evicts;
  return lifetime(record, core.random, { ttlMs: row.ttlMs, replicaMs: lags ? core.options.floorMs : undefined });
}

function report<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  result: FillResult,
): void {
  const { core, record } = context;
  if (core.events.active) core.events.emit({ type: "fill", entity: record.entity, result });
}
