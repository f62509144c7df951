import { DIRTY, frame, type Harness, NEGATIVE, token, VERSION } from "./harness.ts";

export const RUN: string = "f".repeat(40);

/** One item of a group: `head` is the 16-byte base. */
export interface Item {
  readonly id: string;
  readonly head: Buffer;
  readonly payload: string;
}

export interface Group {
  readonly op: string;
  /** Epoch ms; absent = 25 s from now. */
  readonly deadline?: number;
  readonly items: readonly Item[];
  readonly cost?: number;
}

/** What one group is answered. */
export type Answer = readonly [code: string, number: number];

export function item(id: string, payload = `payload of ${id}`): Item {
  return { id, head: frame({ flags: DIRTY | VERSION, version: 1 }).subarray(0, 16), payload };
}

export function removal(id: string): Item {
  return { id, head: frame({ flags: NEGATIVE | DIRTY, version: 1 }).subarray(0, 16), payload: "" };
}

/** The frame that an accepted item has in its key. */
export function acceptedFrame(accepted: Item, version: number): Buffer {
  const field = Buffer.alloc(8);
  field.writeBigUInt64BE(BigInt(version));
  return Buffer.concat([accepted.head, field, Buffer.from(accepted.payload)]);
}

/** The records of one partition of a log and the scripts on them. */
export class Partition {
  readonly harness: Harness;
  readonly tag: string;

  constructor(harness: Harness, number: number) {
    this.harness = harness;
    this.tag = `{prefs.p${String(number).padStart(2, "0")}}`;
  }

  get meta(): string {
    return `${this.tag}@meta`;
  }

  get wb(): string {
    return `${this.tag}@wb`;
  }

  get dirty(): string {
    return `${this.tag}@dirty`;
  }

  value(id: string, generation = 1): string {
    return `prefs@${generation}:${this.tag}:${id}`;
  }

  lease(id: string): string {
    return `${this.tag}@lease:${id}`;
  }

  floor(id: string): string {
    return `${this.tag}@floor:${id}`;
  }

  ops(deadline: number): string {
    return `${this.tag}@ops:${Math.floor(deadline / 30_000) % 2 === 0 ? "a" : "b"}`;
  }

  async rearm(options: { run?: string; newEpoch?: number; stored?: number; limit?: number } = {}): Promise<string[]> {
    const { run = RUN, newEpoch = 1, stored = 0, limit = 1_000_000 } = options;
    const reply = await this.harness.eval("rearm", [this.meta, this.wb, this.dirty], [run, newEpoch, stored, limit]);
    return reply.map(String);
  }

  /** An armed, empty partition. */
  async armed(options: { limit?: number } = {}): Promise<this> {
    await this.rearm(options);
    return this;
  }

  async accept(
    groups: readonly Group[],
    options: { run?: string; others?: readonly number[] } = {},
  ): Promise<Answer[]> {
    return await acceptGroups(
      groups.map((group) => [this, group] as const),
      options,
    );
  }

  async ack(
    marks: readonly (readonly [id: string, version: number | string, mode: "A" | "D"])[],
    options: {
      run?: string;
      upto?: number | "";
      events?: number;
      cost?: number;
      ttl?: number;
      grace?: number;
      floorMs?: number;
    } = {},
  ): Promise<[code: string, done: number]> {
    const { run = RUN, upto = "", events = 0, cost = 0, ttl = 600_000, grace = 0, floorMs = 0 } = options;
    const keys = marks.flatMap(([id]) => [this.value(id), this.floor(id), this.lease(id)]);
    const reply = await this.harness.eval(
      "ack",
      [this.meta, this.wb, this.dirty, ...keys],
      [run, upto, events, cost, ttl, grace, floorMs, marks.length, ...marks.flat()],
    );
    return [String(reply[0]), Number(reply[1])];
  }

  async pending(id: string, generation = 1): Promise<Buffer[]> {
    return await this.harness.eval("pending", [this.dirty, this.wb], [id, generation]);
  }

  async state(): Promise<Record<string, string>> {
    return await this.harness.redis.hgetall(this.meta);
  }

  /** The stream as [id, field, value, …], and the marks. */
  async events(): Promise<[id: string, fields: Buffer[]][]> {
    const entries = (await this.harness.redis.callBuffer("XRANGE", this.wb, "-", "+")) as [Buffer, Buffer[]][];
    return entries.map(([id, fields]) => [String(id), fields]);
  }

  async marks(): Promise<Record<string, string>> {
    return await this.harness.redis.hgetall(this.dirty);
  }
}

/** One call of accept with groups of several partitions. */
export async function acceptGroups(
  groups: readonly (readonly [Partition, Group])[],
  options: { run?: string; others?: readonly number[] } = {},
): Promise<Answer[]> {
  const { run = RUN, others = [] } = options;
  const [first] = groups;
  if (!first) throw new Error("a call needs a group");
  const keys: string[] = [];
  const args: (string | number | Buffer)[] = [run, 1, others.length, groups.length];
  for (const [partition, group] of groups) {
    const { op, deadline = Date.now() + 25_000, items } = group;
    const cost = items.reduce((sum, { payload }) => sum + 2 * payload.length + 400, 0);
    keys.push(partition.meta, partition.wb, partition.dirty, partition.ops(deadline));
    args.push(token(op), deadline, items.length, group.cost ?? cost);
    for (const { id, head, payload } of items) {
      keys.push(partition.value(id), ...others.map((generation) => partition.value(id, generation)));
      args.push(id, head, payload);
    }
  }
  const reply = await first[0].harness.eval("accept", keys, args);
  return groups.map((_group, index) => [String(reply[2 * index]), Number(reply[2 * index + 1])] as const);
}
