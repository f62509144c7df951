import { type RedisServer, startRedis } from "@cachepact/dev-stack";
import { Redis } from "ioredis";
import { scripts } from "./scripts.ts";

/** Flag bits of a frame's byte 5. */
export const NEGATIVE = 0x80;
export const DIRTY = 0x40;
export const VERSION = 0x10;
export const CREATED_AT = 0x08;
export const COST = 0x04;

export const MAX_VERSION: number = 2 ** 53 - 1;

type Argument = string | number | Buffer;

/** A reply, with Redis' clock apart: `[code, now, …]`. */
export interface Reply {
  readonly code: string;
  readonly now: number;
  readonly rest: readonly Buffer[];
}

/** All records of one key at one instant; `null` = absent, ttl -1 = no expiry, -2 = no key. */
export interface Records {
  readonly value: string | null;
  readonly valueTtl: number;
  readonly lease: string | null;
  readonly leaseTtl: number;
  readonly floor: string | null;
  readonly floorTtl: number;
  readonly writers: Readonly<Record<string, number>>;
  readonly writersTtl: number;
}

/** A token that reads well in a failure: the name, filled up to 22 characters. */
export function token(name: string): string {
  return name.padEnd(22, "-");
}

/** A frame built by hand, so that the scripts are not judged by the code that they serve. */
export function frame(header: {
  version?: number;
  createdAt?: number;
  cost?: number;
  staleAt?: number;
  flags?: number;
  payload?: string;
}): Buffer {
  const { version = 0, createdAt = 0, cost = 0, staleAt = 0, flags = 0, payload = "payload" } = header;
  const base = Buffer.from("c1ca090002205747ae3f000000000000", "hex");
  const fields: Buffer[] = [];
  let bits = flags;
  if (version > 0) {
    bits |= VERSION;
    const field = Buffer.alloc(8);
    field.writeBigUInt64BE(BigInt(version));
    fields.push(field);
  }
  if (createdAt > 0) {
    bits |= CREATED_AT;
    const field = Buffer.alloc(6);
    field.writeUIntBE(createdAt, 0, 6);
    fields.push(field);
  }
  if (cost > 0) {
    bits |= COST;
    const field = Buffer.alloc(4);
    field.writeUInt32BE(cost);
    fields.push(field);
  }
  base[3] = (base.length + fields.reduce((sum, field) => sum + field.length, 0)) / 2;
  base[5] = bits;
  base.writeUIntBE(staleAt, 10, 6);
  if ((bits & NEGATIVE) !== 0) base[4] = 0;
  return Buffer.concat([base, ...fields, Buffer.from((bits & NEGATIVE) === 0 ? payload : "")]);
}

export function negative(header: { staleAt?: number; version?: number; flags?: number } = {}): Buffer {
  return frame({ ...header, flags: NEGATIVE | (header.flags ?? 0) });
}

export function staleAtOf(bytes: Buffer): number {
  return bytes.readUIntBE(10, 6);
}

/** One server, one connection. */
export class Harness {
  readonly server: RedisServer;
  readonly redis: Redis;
  #entries = 0;

  constructor(server: RedisServer, redis: Redis) {
    this.server = server;
    this.redis = redis;
  }

  static async start(config: Record<string, string> = {}): Promise<Harness> {
    const server = await startRedis({ config });
    return new Harness(server, new Redis(server.url, { maxRetriesPerRequest: 0 }));
  }

  async stop(): Promise<void> {
    this.redis.disconnect();
    await this.server.stop();
  }

  /** Sends the spliced text by EVAL; replies are buffers. */
  async eval(name: string, keys: readonly string[], args: readonly Argument[]): Promise<Buffer[]> {
    const script = scripts.get(name);
    if (!script) throw new Error(`there is no script ${name}`);
    const reply = await this.redis.callBuffer("EVAL", script.source, keys.length, ...keys, ...args);
    const elements = reply as unknown[];
    const other = elements.find((element) => !Buffer.isBuffer(element));
    if (other !== undefined) throw new Error(`${name} answered a ${typeof other}: every element must be a bulk string`);
    return elements as Buffer[];
  }

  /** A key that no other test uses; with `log` an entity that is written behind. */
  entry(options: { log?: boolean } = {}): Entry {
    this.#entries += 1;
    return new Entry(this, String(this.#entries), options.log ?? false);
  }

  /** Every key with its bytes: what must be unchanged when a script has no effect. */
  async dump(): Promise<Record<string, string | null>> {
    const names = (await this.redis.keys("*")).toSorted();
    const dumps = await Promise.all(names.map(async (name) => [name, await this.redis.dumpBuffer(name)] as const));
    return Object.fromEntries(dumps.map(([name, bytes]) => [name, bytes?.toString("hex") ?? null]));
  }

  /** Messages on `channels` during `action`, as [channel, message]. */
  async published(channels: readonly string[], action: () => Promise<unknown>): Promise<[string, string][]> {
    const subscriber = new Redis(this.server.url, { maxRetriesPerRequest: 0 });
    const messages: [string, string][] = [];
    try {
      const ended = new Promise<void>((resolve) => {
        subscriber.on("message", (channel: string, message: string) => {
          if (channel === "end") resolve();
          else messages.push([channel, message]);
        });
      });
      await subscriber.subscribe(...channels, "end");
      await action();
      await this.redis.publish("end", "");
      await ended;
    } finally {
      subscriber.disconnect();
    }
    return messages;
  }
}

/** The five records of one key and the scripts on them. */
export class Entry {
  readonly harness: Harness;
  readonly id: string;
  readonly log: boolean;
  readonly value: string;
  readonly lease: string;
  readonly floor: string;
  readonly writers: string;
  readonly dirty: string;

  constructor(harness: Harness, id: string, log: boolean) {
    this.harness = harness;
    this.id = id;
    this.log = log;
    this.value = log ? `prefs@1:{prefs.p00}:${id}` : `user:${id}`;
    const auxiliary = (word: string): string => (log ? `{prefs.p00}@${word}:${id}` : `{user:${id}}@${word}`);
    this.lease = auxiliary("lease");
    this.floor = auxiliary("floor");
    this.writers = auxiliary("writers");
    this.dirty = "{prefs.p00}@dirty";
  }

  get keys(): string[] {
    return [this.value, this.lease, this.floor, this.writers, ...(this.log ? [this.dirty] : [])];
  }

  async run(name: string, ...args: Argument[]): Promise<Reply> {
    const reply = await this.harness.eval(name, this.keys, this.log ? [...args, this.id] : args);
    return { code: String(reply[0]), now: Number(reply[1]), rest: reply.slice(2) };
  }

  acquire(holder: string, options: { leaseMs?: number; minVersion?: number; seen?: Argument } = {}): Promise<Reply> {
    return this.run("acquire", token(holder), options.leaseMs ?? 600_000, options.minVersion ?? 0, options.seen ?? "");
  }

  fill(
    holder: string,
    bytes: Buffer | string,
    options: { px?: number; fresh?: number; seen?: Argument; wake?: string } = {},
  ): Promise<Reply> {
    const { px = 600_000, fresh = 0, seen = "", wake = "" } = options;
    return this.run("fill", token(holder), bytes, px, fresh, seen, wake);
  }

  begin(holder: string, options: { markerMs?: number; prev?: string } = {}): Promise<Reply> {
    const prev = options.prev === undefined ? "" : token(options.prev);
    return this.run("begin", token(holder), options.markerMs ?? 600_000, prev);
  }

  finish(holder: string | null, options: FinishOptions = {}): Promise<Reply> {
    return this.run("finish", ...finishArguments(holder, options));
  }

  store(
    holder: string,
    bytes: Buffer | string,
    options: FinishOptions & { px?: number; fresh?: number } = {},
  ): Promise<Reply> {
    return this.run("store", ...finishArguments(holder, options), bytes, options.px ?? 600_000, options.fresh ?? 0);
  }

  renew(holder: string, role: "r" | "w", ms = 600_000): Promise<Reply> {
    return this.run("renew", token(holder), ms, role);
  }

  release(holder: string, wake = ""): Promise<Reply> {
    return this.run("release", token(holder), wake);
  }

  /** Puts bytes under the key as another client would. */
  async put(bytes: Buffer | string, px = 900_000): Promise<void> {
    await this.harness.redis.set(this.value, bytes, "PX", px);
  }

  async bytes(): Promise<Buffer | null> {
    return await this.harness.redis.getBuffer(this.value);
  }

  async records(): Promise<Records> {
    const { redis } = this.harness;
    const [value, lease, floor, members] = await Promise.all([
      redis.getBuffer(this.value),
      redis.get(this.lease),
      redis.get(this.floor),
      redis.call("ZRANGE", this.writers, "0", "-1", "WITHSCORES"),
    ]);
    const ttls = await Promise.all([this.value, this.lease, this.floor, this.writers].map((key) => redis.pttl(key)));
    const flat = (members as unknown[]).flat().map(String);
    const writers: Record<string, number> = {};
    for (let at = 0; at < flat.length; at += 2) writers[flat[at] ?? ""] = Number(flat[at + 1]);
    const [valueTtl = 0, leaseTtl = 0, floorTtl = 0, writersTtl = 0] = ttls;
    return { value: value?.toString("hex") ?? null, valueTtl, lease, leaseTtl, floor, floorTtl, writers, writersTtl };
  }
}

export interface FinishOptions {
  prev?: string;
  version?: number | string;
  floorMs?: number;
  keep?: 0 | 1;
  wake?: string;
  l1?: string;
}

function finishArguments(holder: string | null, options: FinishOptions): Argument[] {
  const { version = 0, floorMs = 600_000, keep = 0, wake = "", l1 = "" } = options;
  const prev = options.prev === undefined ? "" : token(options.prev);
  return [holder === null ? "" : token(holder), prev, version, floorMs, keep, wake, l1];
}

/** Whether a remaining time is what was set a moment ago: never more, at most five seconds less. */
export function justSet(ttl: number, ms: number): boolean {
  return ttl <= ms && ttl > ms - 5_000;
}
