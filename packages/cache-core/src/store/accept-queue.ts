import { CachepactError, type EntityRecord } from "@cachepact/wire";
import { sleep } from "../clock.ts";
import { type Core, otherGenerations } from "../context.ts";
import { spread } from "../random.ts";
import {
  type Accepted,
  AcceptGroup,
  type AcceptItem,
  DEFAULT_OP_DEADLINE_MS,
  DEFAULT_RETRY_AFTER_MS,
  type WaitingItem,
} from "./accept-group.ts";
import type { Connection } from "./connection.ts";
import { unexpected } from "./scripts.ts";
import { type ServerInfo, text } from "./server-info.ts";
import type { Argument } from "./transport.ts";

/** Writes in one call: the script's own limit. */
export const DEFAULT_ITEMS_MAX = 128;
/** The pause before a group is sent again, in ms, before up to 60 % of it is added or taken: 20 to 80 ms. */
const RESEND_LEAST_MS = 20;
const RESEND_SPREAD_MS = 60;

/**
 * Sends write-behind writes (SPEC 14.1): those of one tick in one call, one group a partition.
 *
 * A group that was not answered is sent again with the same op until its deadline: Redis answers a second copy with the
 * first one's version, and refuses a copy that comes later than its op records last. So no write runs twice, and what
 * remains unknown stays unknown only until the deadline.
 */
export class AcceptQueue {
  readonly #core: Core;
  readonly #record: EntityRecord;
  readonly #connection: Connection;
  /** How far a partition's clock is ahead of Redis' TIME, in ms, where Redis has said so. */
  readonly #partitionOffsets = new Map<number, number>();
  readonly #groups = new Set<AcceptGroup>();
  #open = new Map<number, WaitingItem[]>();
  #openItems = 0;
  #tick: NodeJS.Immediate | null = null;
  #closed = false;

  constructor(core: Core, record: EntityRecord, connection: Connection) {
    this.#core = core;
    this.#record = record;
    this.#connection = connection;
  }

  /** Takes a write; resolves when Redis has accepted it. */
  add(item: AcceptItem): Promise<Accepted> {
    return new Promise((resolve, reject) => {
      const waiting = { ...item, resolve, reject };
      const open = this.#open.get(item.log.partition);
      if (open === undefined) this.#open.set(item.log.partition, [waiting]);
      else open.push(waiting);
      this.#openItems += 1;
      if (this.#openItems >= DEFAULT_ITEMS_MAX) this.#flush();
      else this.#tick ??= setImmediate(() => this.#flush());
    });
  }

  /** Resolves when all writes taken so far have their answer. */
  async idle(): Promise<void> {
    this.#flush();
    await Promise.all([...this.#groups].map((group) => group.settled));
  }

  /** Sends nothing any more, and answers those that wait with what is known. */
  close(): void {
    this.#closed = true;
    this.#flush();
    for (const group of this.#groups) group.abandon();
  }

  #flush(): void {
    if (this.#tick !== null) clearImmediate(this.#tick);
    this.#tick = null;
    const open = this.#open;
    this.#open = new Map();
    this.#openItems = 0;
    const { clock, random, background } = this.#core;
    const groups: AcceptGroup[] = [];
    for (const items of open.values()) {
      const log = items[0]?.log;
      if (log === undefined) continue;
      groups.push(new AcceptGroup(this.#record.entity, random.token(), log, items, clock.monotonic()));
    }
    for (const group of groups) {
      this.#groups.add(group);
      background.run(group.settled.then(() => this.#groups.delete(group)));
    }
    if (groups.length > 0) background.run(this.#send(groups));
  }

  /** Sends groups until each has its answer; those that must be sent again travel together. */
  async #send(groups: readonly AcceptGroup[]): Promise<void> {
    const { clock, random, options } = this.#core;
    const { transport } = this.#connection;
    try {
      for (let left = groups; left.length > 0; ) {
        for (const group of left) {
          if (this.#closed) group.abandon();
          else group.expire(clock.monotonic(), transport.downMs, options.acceptWaitMs);
        }
        await this.#attempt(undecided(left));
        left = undecided(left);
        if (left.length > 0) await sleep(clock, RESEND_LEAST_MS + random.next() * RESEND_SPREAD_MS);
      }
    } catch (cause) {
      // Not a failure of Redis but of this code: the callers must be answered all the same.
      const error = new CachepactError(
        "E_SCRIPT",
        `could not write ${this.#record.entity}: a bug in cachepact; report it`,
        { cause },
      );
      for (const group of groups) group.reject(error);
    }
  }

  async #attempt(groups: readonly AcceptGroup[]): Promise<void> {
    if (groups.length === 0) return;
    const { transport, info } = await this.#connection.current();
    if (info === null) return;
    if (mayEvict(info)) {
      for (const group of groups) if (!group.mayHaveRun) group.reject(evictionError(this.#record.entity, info));
    }
    const left = undecided(groups);
    const { redisClock, syncClock } = this.#core;
    if (redisClock.due) syncClock();
    const now = redisClock.now();
    if (left.length === 0 || now === null) return;
    for (const group of left) {
      const offset = this.#partitionOffsets.get(group.log.partition) ?? 0;
      group.deadlineMs ??= Math.floor(now + offset) + DEFAULT_OP_DEADLINE_MS;
    }
    const { keys, argv } = this.#message(left, info.runId);
    try {
      const reply = await transport.script("accept", keys, argv);
      if (!Array.isArray(reply) || reply.length !== 2 * left.length)
        throw unexpected("accept", "an array of another length");
      left.forEach((group, index) => this.#take(group, text(reply[2 * index]), Number(text(reply[2 * index + 1]))));
    } catch (error) {
      for (const group of left) group.fail(error, spread(this.#core.random, DEFAULT_RETRY_AFTER_MS));
    }
  }

  #take(group: AcceptGroup, code: string, figure: number): void {
    const { random, redisClock } = this.#core;
    if (code === "CLOCK") this.#partitionOffsets.set(group.log.partition, figure - (redisClock.now() ?? figure));
    // All clients that were refused in one instant must not come back in one instant.
    group.take(code, code === "FULL" ? spread(random, figure) : figure);
  }

  #message(groups: readonly AcceptGroup[], runId: string): { readonly keys: string[]; readonly argv: Argument[] } {
    const others = otherGenerations(this.#record).length;
    const keys: string[] = [];
    const argv: Argument[] = [runId, String(this.#record.generation), String(others), String(groups.length)];
    for (const group of groups) {
      const { meta, wb, dirty } = group.log;
      keys.push(meta, wb, dirty, group.opsKey);
      argv.push(group.op, String(group.deadlineMs), String(group.items.length), String(group.costBytes));
      for (const { valueKeys, id, head, payload } of group.items) {
        keys.push(...valueKeys);
        argv.push(id, head, payload);
      }
    }
    return { keys, argv };
  }
}

function undecided(groups: readonly AcceptGroup[]): readonly AcceptGroup[] {
  return groups.filter((group) => !group.done);
}

/** An unpersisted value has no ttl: under allkeys-* Redis may drop it, and its stream with it. Unknown = trusted. */
export function mayEvict(info: ServerInfo): boolean {
  return info.evictionPolicy?.startsWith("allkeys-") ?? false;
}

export function evictionError(entity: string, info: ServerInfo): CachepactError {
  return new CachepactError(
    "E_EVICTION",
    `cannot write ${entity} behind: maxmemory-policy of Redis is ${info.evictionPolicy}, which may drop unpersisted writes; set noeviction or volatile-lfu`,
  );
}
