import { CachepactError, encodeWriteItem, entryKeys } from "@cachepact/wire";
import { type EntityContext, otherGenerations } from "../context.ts";
import type { WriteOperation, WriteOutcome } from "../events.ts";
import { checkBinding } from "../loaded.ts";
import type { Accepted, AcceptItem } from "../store/accept-group.ts";
import { AcceptQueue } from "../store/accept-queue.ts";
import type { Connection } from "../store/connection.ts";
import { asBuffer } from "../store/storing.ts";

/**
 * Write-behind: a value is accepted by Redis, seen at once by every reader, and carried to the database by a worker. Full
 * states only; the version is given by Redis.
 *
 * Writes of one tick travel together. Writes of one row are accepted in the order of their calls, awaited or not; writes of
 * other processes come in between as they come.
 */
export class WriteBehind<Key extends object, Value extends object> {
  readonly #context: EntityContext<Key, Value>;
  readonly #queue: AcceptQueue;

  constructor(context: EntityContext<Key, Value>, connection: Connection) {
    this.#context = context;
    this.#queue = new AcceptQueue(context.core, context.record, connection);
  }

  /**
   * Accepts a new state of one row.
   *
   * @throws {CachepactError} E_FULL, E_UNAVAILABLE (nothing was accepted; `retryAfterMs`), E_UNKNOWN (`op`), E_EVICTION,
   *   E_LOADER when the value belongs to another key, and what the contract refuses
   */
  async put(key: Key, value: Value): Promise<Accepted> {
    return this.#write("put", key, value);
  }

  /** Accepts the deletion of one row. Errors as `put`. */
  async remove(key: Key): Promise<Accepted> {
    return this.#write("remove", key, null);
  }

  /** Resolves when all that was handed over has its answer. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** Answers what is still waiting: it will not be sent any more. */
  close(): void {
    this.#queue.close();
  }

  async #write(operation: WriteOperation, key: Key, value: Value | null): Promise<Accepted> {
    const { core, record } = this.#context;
    const report = (outcome: WriteOutcome): void => {
      if (core.events.active) core.events.emit({ type: "write", entity: record.entity, operation, outcome });
    };
    try {
      const accepted = await this.#queue.add(this.#item(key, value));
      report("accepted");
      return accepted;
    } catch (error) {
      report(error instanceof CachepactError ? (OUTCOMES[error.code] ?? "error") : "error");
      throw error;
    }
  }

  #item(key: Key, value: Value | null): AcceptItem {
    const { core, entity, record } = this.#context;
    const keys = entryKeys(record, core.namespace, key);
    if (keys.log === null) throw withoutLog(record.entity);
    if (value !== null) checkBinding(this.#context, keys, value, "put");
    const { id, head, payload } = encodeWriteItem(entity, keys.id, value);
    const others = otherGenerations(record).map(
      (generation) => entryKeys(record, core.namespace, key, generation).value,
    );
    return { log: keys.log, id, head: asBuffer(head), payload: asBuffer(payload), valueKeys: [keys.value, ...others] };
  }
}

const OUTCOMES: Readonly<Partial<Record<CachepactError["code"], WriteOutcome>>> = {
  E_FULL: "refused",
  E_UNAVAILABLE: "refused",
  E_EVICTION: "refused",
  E_UNKNOWN: "unknown",
};

/** The error of `put` and `remove` on an entity that is not written behind. */
export function withoutLog(entity: string): CachepactError {
  return new CachepactError(
    "E_PATTERN",
    `cannot put ${entity}: the contract names no log for it; use write and invalidate`,
  );
}
