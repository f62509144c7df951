import { readFileSync } from "node:fs";
import type { ContractLock, EntityRecord } from "@cachepact/wire";

/** The entities that a contract folder's lock holds: what checks are made of. */
export class Entities {
  readonly #lock: ContractLock;

  constructor(lockFile: string) {
    this.#lock = JSON.parse(readFileSync(lockFile, "utf8")) as ContractLock;
  }

  get all(): readonly EntityRecord[] {
    return Object.values(this.#lock.entities);
  }

  /** @throws {Error} a fixture names an entity that the contract does not have */
  named(name: unknown): EntityRecord {
    const record = this.#lock.entities[String(name)];
    if (record === undefined) throw new Error(`the lock has no entity ${String(name)}`);
    return record;
  }
}
