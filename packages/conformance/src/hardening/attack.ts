import { entryKeys } from "@cachepact/wire";
import type { Redis } from "ioredis";
import type { LineProcess } from "../rolling/line-process.ts";
import type { AnyEntity } from "../rolling/release.ts";
import type { Hostile } from "./corpus.ts";

/** A process that reads, and the namespace that is its own. */
export interface Victim {
  readonly name: string;
  readonly namespace: string;
  readonly process: LineProcess;
}

/** An entity with a row of it. */
export interface Target {
  readonly entity: AnyEntity;
  readonly value: object;
}

/** How one read ended. */
export interface Read {
  readonly source: string;
  /** The value, as canonical JSON; null = not found. */
  readonly json: string | null;
  /** What was counted: codes of entries that could not be decoded, and commands that Redis refused. */
  readonly codes: readonly string[];
}

/** What one victim made of one hostile thing: the first read, and the one after it; text = it failed. */
export interface Attacked {
  readonly first: Read | string;
  readonly second: Read | string;
}

/** Puts one hostile thing under the key of the target's row, and has a victim read the row twice. */
export async function attack(client: Redis, victim: Victim, target: Target, hostile: Hostile): Promise<Attacked> {
  const { entity, value } = target;
  const keys = entryKeys(entity.record, victim.namespace, entity.keyOf(value));
  // In this order on one connection, and there before the victim's reads are sent.
  await Promise.all([
    client.del(keys.value, keys.lease, keys.floor, keys.writers),
    put(client, keys.value, hostile.put),
  ]);
  const json = entity.toJson(value);
  const read = async (): Promise<Read | string> => {
    const outcome = await victim.process.ask({ op: "get", entity: entity.record.entity, json });
    return "ok" in outcome ? (outcome.ok as unknown as Read) : `${outcome.error.code}: ${outcome.error.message}`;
  };
  const [first, second] = await Promise.all([read(), read()]);
  return { first, second: afterStale(first, second) };
}

/** A stale answer refreshes the entry in the background: the read after it may find that done or not, by luck alone. */
function afterStale(first: Read | string, second: Read | string): Read | string {
  if (typeof first === "string" || typeof second === "string" || first.source !== "stale") return second;
  return second.source === "redis" ? { ...second, source: "stale" } : second;
}

/** Puts bytes, or a record of another type, under a key. */
export async function put(client: Redis, key: string, what: Hostile["put"]): Promise<void> {
  if (typeof what !== "string") await client.set(key, what, "PX", 60_000);
  else if (what === "list") await client.rpush(key, "x");
  else if (what === "hash") await client.hset(key, "x", "y");
  else if (what === "set") await client.sadd(key, "x");
  else if (what === "zset") await client.zadd(key, 1, "x");
  else await client.xadd(key, "1-1", "x", "y");
}
