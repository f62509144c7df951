import type { LogKeys } from "@cachepact/wire";
import { AcceptGroup, notAccepted, type WaitingItem } from "./accept-group.ts";

/**
 * The writes of one partition in call order: one group is under way, the others wait for its answer.
 *
 * A write that is sent before an earlier one has its answer could be accepted, and the earlier one after it, when that
 * one must be sent again: the older state would then stand, and overwrite one that was acknowledged. What waits becomes
 * one group, so that a partition takes all that came in meanwhile with the next message.
 */
export class AcceptLine {
  readonly log: LogKeys;
  readonly #entity: string;
  #waiting: WaitingItem[] = [];
  #group: AcceptGroup | null = null;

  constructor(entity: string, log: LogKeys) {
    this.#entity = entity;
    this.log = log;
  }

  /** Whether a group is under way. */
  get busy(): boolean {
    return this.#group !== null;
  }

  /** Writes that wait. */
  get length(): number {
    return this.#waiting.length;
  }

  add(item: WaitingItem): void {
    this.#waiting.push(item);
  }

  /** Makes a group of up to `most` of those that wait; null while another one is under way, or when none waits. */
  next(op: string, most: number): AcceptGroup | null {
    const [first] = this.#waiting;
    if (this.#group !== null || first === undefined) return null;
    const items = this.#waiting.splice(0, most);
    this.#group = new AcceptGroup(this.#entity, op, this.log, items, first.since);
    return this.#group;
  }

  /** Lets the next group be made: the one under way has its answer. */
  done(): void {
    this.#group = null;
  }

  /** Refuses those that have waited for `waitMs`, or all when Redis has been away for that long. */
  expire(now: number, downMs: number, waitMs: number): void {
    const fresh = this.#waiting.findIndex(({ since }) => Math.max(now - since, downMs) < waitMs);
    this.#refuse(fresh === -1 ? this.#waiting.length : fresh);
  }

  /** Answers all: nothing will be sent any more. */
  close(): void {
    this.#group?.abandon();
    this.#refuse(this.#waiting.length);
  }

  #refuse(count: number): void {
    for (const item of this.#waiting.splice(0, count)) item.reject(notAccepted(this.#entity));
  }
}
