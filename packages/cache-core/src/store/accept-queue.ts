import { CachepactError, type EntityRecord, type LogKeys } from "@cachepact/wire";
import { sleep } from "../clock.ts";
import { type Core, otherGenerations } from "../context.ts";
import { spread } from "../random.ts";
import { type Accepted, type AcceptGroup, type AcceptItem, DEFAULT_RETRY_AFTER_MS } from "./accept-group.ts";
import { AcceptLine } from "./accept-line.ts";
import type { Connection } from "./connection.ts";
import { unexpected } from "./scripts.ts";
import { type ServerInfo, text } from "./server-info.ts";
import type { Argument } from "./transport.ts";
import { classify } from "./transport-error.ts";

/** Writes in one call: the script's own limit. */
export const DEFAULT_ITEMS_MAX = 128;
/** The pause before a group is sent again, in ms, before up to 60 % of it is added or taken: 20 to 80 ms. */
const RESEND_LEAST_MS = 20;
const RESEND_SPREAD_MS = 60;

/**
 * Sends write-behind writes (SPEC 14.1): those of one tick in one call, one group a partition, and in each partition one
 * group after the other, so that writes of one row are accepted in call order.
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
  readonly #lines = new Map<number, AcceptLine>();
  readonly #groups = new Set<AcceptGroup>();
  /** Writes that wait for the end of the tick. */
  #ready = 0;
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
      const line = this.#lineOf(item.log);
      line.add({ ...item, since: this.#core.clock.monotonic(), resolve, reject });
      if (line.busy) return;
      this.#ready += 1;
      if (this.#ready >= DEFAULT_ITEMS_MAX) this.#flush();
      else this.#tick ??= setImmediate(() => this.#flush());
    });
  }

  /** Resolves when all writes taken so far have their answer. */
  async idle(): Promise<void> {
    this.#flush();
    while (this.#groups.size > 0) {
      await Promise.all([...this.#groups].map((group) => group.settled));
      this.#flush();
    }
  }

  /** Sends nothing any more, and answers those that wait with what is known. */
  close(): void {
    this.#closed = true;
    this.#stopTick();
    for (const line of this.#lines.values()) line.close();
  }

  #lineOf(log: LogKeys): AcceptLine {
    const known = this.#lines.get(log.partition);
    if (known !== undefined) return known;
    const line = new AcceptLine(this.#record.entity, log);
    this.#lines.set(log.partition, line);
    return line;
  }

  #stopTick(): void {
    if (this.#tick !== null) clearImmediate(this.#tick);
    this.#tick = null;
    this.#ready = 0;
  }

  /** Sends what waits in every partition that has no group under way. */
  #flush(): void {
    this.#stopTick();
    let call: AcceptGroup[] = [];
    let items = 0;
    for (const line of this.#lines.values()) {
      if (line.busy || line.length === 0) continue;
      const group = line.next(this.#core.random.token(), DEFAULT_ITEMS_MAX);
      if (group === null) continue;
      this.#watch(line, group);
      if (items + group.items.length > DEFAULT_ITEMS_MAX) {
        this.#core.background.run(this.#send(call));
        call = [];
        items = 0;
      }
      call.push(group);
      items += group.items.length;
    }
    if (call.length > 0) this.#core.background.run(this.#send(call));
  }

  /** Goes on with the line when the group has its answer. */
  #watch(line: AcceptLine, group: AcceptGroup): void {
    this.#groups.add(group);
    const goOn = group.settled.then(() => {
      this.#groups.delete(group);
      line.done();
      // All partitions that were answered by one message go on with one message.
      if (line.length > 0 && !this.#closed) this.#tick ??= setImmediate(() => this.#flush());
    });
    this.#core.background.run(goOn);
  }

  /**
   * Sends groups until each has its answer. Those that must be sent again travel together, but alone once the server has
   * answered the whole call with an error.
   */
  async #send(groups: readonly AcceptGroup[]): Promise<void> {
    const { clock, random } = this.#core;
    try {
      for (let left = groups; left.length > 0; ) {
        for (const group of left) this.#expire(group);
        const refusal = await this.#attempt(undecided(left));
        left = undecided(left);
        if (left.length === 0) return;
        await sleep(clock, RESEND_LEAST_MS + random.next() * RESEND_SPREAD_MS);
        if (refusal && left.length > 1) {
          // One partition's records may be at fault: the others go on without it.
          await Promise.all(left.map((group) => this.#send([group])));
          return;
        }
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

  /** Gives up a group, and what waits behind it, that have waited for too long. */
  #expire(group: AcceptGroup): void {
    if (this.#closed) return group.abandon();
    const { clock, options } = this.#core;
    const { downMs } = this.#connection.transport;
    const now = clock.monotonic();
    this.#lineOf(group.log).expire(now, downMs, options.acceptWaitMs);
    group.expire(now, downMs, options.acceptWaitMs);
  }

  /** Sends one message and takes its answer; whether the server answered with an error of the whole call. */
  async #attempt(groups: readonly AcceptGroup[]): Promise<boolean> {
    if (groups.length === 0) return false;
    const { transport, info } = await this.#connection.current();
    if (info === null) return false;
    if (mayEvict(info)) {
      for (const group of groups) if (!group.mayHaveRun) group.reject(evictionError(this.#record.entity, info));
    }
    const left = undecided(groups);
    const { clock, redisClock, syncClock } = this.#core;
    if (redisClock.due) syncClock();
    const now = redisClock.now();
    if (left.length === 0 || now === null) return false;
    for (const group of left) {
      group.start(now + (this.#partitionOffsets.get(group.log.partition) ?? 0), clock.monotonic());
    }
    const { keys, argv } = this.#message(left, info.runId);
    try {
      const reply = await transport.script("accept", keys, argv);
      if (!Array.isArray(reply) || reply.length !== 2 * left.length)
        throw unexpected("accept", "an array of another length");
      left.forEach((group, index) => this.#take(group, text(reply[2 * index]), Number(text(reply[2 * index + 1]))));
      return false;
    } catch (error) {
      for (const group of left) group.fail(error, spread(this.#core.random, DEFAULT_RETRY_AFTER_MS));
      return classify(error).reason === "error";
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
