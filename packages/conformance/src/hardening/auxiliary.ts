import { type EntryKeys, encodeWriteItem } from "@cachepact/wire";
import type { Redis } from "ioredis";
import { put, type Target } from "./attack.ts";

/** What an attacker does to the records beside a value: lease, floor, writers, and those of a log's partition. */
export interface Sabotage {
  readonly name: string;
  apply(client: Redis, keys: EntryKeys): Promise<unknown>;
}

const TYPES = ["list", "hash", "set", "zset", "stream"] as const;
const RECORDS = ["lease", "floor", "writers"] as const;
const FAR = 9_007_199_254_740_991;

/** Every sabotage of one row. The value itself is absent: a read has to ask. */
export function sabotages({ entity, value }: Target): readonly Sabotage[] {
  const found: Sabotage[] = [];
  for (const record of RECORDS) {
    for (const type of TYPES) {
      found.push({ name: `${record} is a ${type}`, apply: (client, keys) => put(client, keys[record], type) });
    }
    for (const bytes of ["", "x", "-1", "1e308", "999999999999999999999", "nan", "r".repeat(1_000_000)]) {
      const shown = bytes.length > 30 ? `${bytes.length} bytes` : JSON.stringify(bytes);
      found.push({ name: `${record} is ${shown}`, apply: (client, keys) => client.set(keys[record], bytes) });
    }
  }
  const token = "A".repeat(22);
  for (const kind of ["r", "R", "w", "s", "q"]) {
    found.push({
      name: `a lease ${kind} that never ends`,
      apply: (client, keys) => client.set(keys.lease, kind + token),
    });
  }
  found.push(
    { name: "the highest floor", apply: (client, keys) => client.set(keys.floor, String(FAR)) },
    { name: "a writer for ever", apply: (client, keys) => client.zadd(keys.writers, FAR, token) },
    {
      name: "ten thousand writers",
      apply: (client, keys) =>
        client.zadd(keys.writers, ...Array.from({ length: 10_000 }, (_, n) => [FAR, `w${n}`]).flat()),
    },
  );
  if (entity.record.log === null) return found;
  for (const record of ["dirty", "wb", "meta"] as const) {
    for (const type of TYPES) {
      found.push({
        name: `${record} is a ${type}`,
        apply: (client, { log }) => put(client, log?.[record] ?? "", type),
      });
    }
  }
  const { head, payload } = encodeWriteItem(entity, "x", null);
  const event = (version: string, fields: Readonly<Record<string, string | Buffer>>): Sabotage["apply"] => {
    return async (client, { id, log }) => {
      await client.hset(log?.dirty ?? "", id, version);
      const members = Object.entries({
        k: id,
        g: "1",
        h: Buffer.from(head),
        p: Buffer.from(payload),
        ...fields,
      }).flat();
      await client.xadd(log?.wb ?? "", `${/^\d{1,16}$/.test(version) ? version : "7"}-0`, ...members);
    };
  };
  for (const mark of ["", "x", "-1", "1e308", "999999999999999999999", String(FAR)]) {
    found.push({
      name: `a mark ${JSON.stringify(mark)} without an event`,
      apply: (client, { id, log }) => client.hset(log?.dirty ?? "", id, mark),
    });
  }
  found.push(
    { name: "an event of noise", apply: event("5", { h: "noise", p: "noise" }) },
    { name: "an event with the head of nothing", apply: event("5", { h: "" }) },
    { name: "an event whose value is noise", apply: event("5", { h: goodHead(entity, value), p: "\xff\xff\xff" }) },
    { name: "an event of another generation", apply: event("5", { g: "4294967295" }) },
    { name: "an event whose generation is noise", apply: event("5", { g: "x" }) },
    { name: "an event with a mark that is no number", apply: event("x", {}) },
  );
  return found;
}

/** A head that announces a value of this entity. */
function goodHead(entity: Target["entity"], value: object): Buffer {
  return Buffer.from(encodeWriteItem(entity, entity.idOf(entity.keyOf(value)), value).head);
}
