import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type RedisServer, startRedis } from "@cachepact/dev-stack";
import {
  type ContractLock,
  decodeFrame,
  defineEntity,
  type EntityRecord,
  encodeWriteItem,
  entryKeys,
  type LogKeys,
} from "@cachepact/wire";
import { keyFromNeutral, type NeutralMembers } from "@cachepact/wire/testing";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { settled } from "../src/differential/settled.ts";
import { runSize } from "../src/differential/size.ts";
import { armPartitions } from "../src/live/partitions.ts";
import { keyOfNobody, type Row, sampleRows } from "../src/live/row.ts";
import { SERVICES, type Service, startServices } from "../src/live/service.ts";
import { canonicalEntry, timesOf } from "../src/live/stored-entry.ts";
import type { Request } from "../src/protocol.ts";
import { GOLDEN_PROTOS, type ScratchContract, scratchContract } from "../src/scratch-contract.ts";

const { cases: rowsOfEach, seed } = runSize(2);

const OURS = fileURLToPath(new URL("../../../contracts/", import.meta.url));

let server: RedisServer;
let redis: Redis;
let golden: ScratchContract;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  golden = await scratchContract({ protos: GOLDEN_PROTOS });
});

afterAll(async () => {
  redis?.disconnect();
  golden?.close();
  await server?.stop();
});

function recordsOf(folder: string): readonly EntityRecord[] {
  const lock = JSON.parse(readFileSync(`${folder}/contracts.lock.json`, "utf8")) as ContractLock;
  return Object.values(lock.entities);
}

async function stored(key: string): Promise<Buffer> {
  const found = await redis.getBuffer(key);
  if (found === null) throw new Error(`Redis holds nothing under ${key}`);
  return found;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** What a reader told, with the value in one comparable form. */
function told(record: EntityRecord, found: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const value = found["value"] as NeutralMembers | null;
  return { ...found, value: value === null ? null : settled(record.schema, value) };
}

function hit({ record, value }: Row, version: number): Readonly<Record<string, unknown>> {
  return { value: settled(record.schema, value), source: "redis", version, loads: 0 };
}

function about(row: Row): Request & { readonly entity: string } {
  return { op: "", entity: row.record.entity, key: row.key, value: row.value };
}

function expectTimes(record: EntityRecord, bytes: Buffer): void {
  const { staleAtMs, createdAtMs } = timesOf(record, bytes);
  const timed = record.grace_ms > 0 || record.early_refresh || record.sliding !== null;
  expect(staleAtMs > 0).toBe(timed);
  if (record.sliding !== null) expect(createdAtMs).toBeGreaterThan(0);
}

/** Every writer x reader pair on the entities of one contract. */
function pairs(contract: () => { readonly config: string; readonly folder: string }): void {
  let services: readonly Service[] = [];
  let records: readonly EntityRecord[] = [];

  beforeAll(async () => {
    const { config, folder } = contract();
    records = recordsOf(folder);
    services = await startServices(config, server.url);
  });

  afterAll(async () => {
    await Promise.all(services.map((service) => service.close()));
  });

  beforeEach(async () => {
    await redis.flushall();
  });

  const rowsIn = (behind: boolean): readonly Row[] =>
    records
      .filter(({ log }) => (log !== null) === behind)
      .flatMap((record, index) => sampleRows(record, rowsOfEach, seed + 1000 * index));

  describe.each(SERVICES)("%s writes", (writerName) => {
    describe.each(SERVICES)("%s reads", (readerName) => {
      const writer = (): Service => services.find(({ name }) => name === writerName) as Service;
      const reader = (): Service => services.find(({ name }) => name === readerName) as Service;

      test("a row that was loaded is a hit of the same value, and its bytes are the canonical ones", async () => {
        for (const row of rowsIn(false)) {
          const { record } = row;
          const loaded = await writer().ask({ ...about(row), op: "load" });
          expect(loaded).toMatchObject({ source: "database", loads: 1 });
          const bytes = await stored(row.redisKey);
          expect([row.value, hex(bytes)]).toEqual([row.value, hex(canonicalEntry(record, row.native, bytes))]);
          expectTimes(record, bytes);
          const found = await reader().ask({ ...about(row), op: "read" });
          expect(told(record, found)).toEqual(hit(row, versionIn(record, bytes)));
        }
      });

      test("a row that was written through is a hit of the same value, and its bytes are the canonical ones", async () => {
        for (const row of rowsIn(false)) {
          const { record } = row;
          await writer().ask({ ...about(row), op: "write" });
          const bytes = await stored(row.redisKey);
          expect(hex(bytes)).toBe(hex(canonicalEntry(record, row.native, bytes)));
          const found = await reader().ask({ ...about(row), op: "read" });
          expect(told(record, found)).toEqual(hit(row, versionIn(record, bytes)));
        }
      });

      test("a row that does not exist is not asked for again", async () => {
        const negative = records.filter((record) => record.negative_ttl_ms > 0 && record.log === null);
        for (const record of negative) {
          const key = keyOfNobody(record);
          await writer().ask({ op: "load", entity: record.entity, key, value: null });
          const bytes = await stored(entryKeys(record, "", keyFromNeutral(record, key)).value);
          expect(hex(bytes)).toBe(hex(canonicalEntry(record, null, bytes, 0)));
          if (record.framing === "plain") expect(bytes.toString()).toBe("null");
          const found = await reader().ask({ op: "read", entity: record.entity, key });
          expect(found).toEqual({ value: null, source: "redis", version: 0, loads: 0 });
        }
        expect(negative.length).toBeGreaterThan(0);
      });

      test("a row that was put is a hit, and so is its removal, and the stream holds the canonical item", async () => {
        const rows = rowsIn(true);
        expect(rows.length).toBeGreaterThan(0);
        for (const record of records) if (record.log !== null) await armPartitions(redis, record);
        for (const row of rows) await expectWrittenBehind(row, writer(), reader());
      });
    });
  });
}

function versionIn(record: EntityRecord, bytes: Buffer): number {
  return record.framing === "plain" ? 0 : decodeFrame(bytes, "strict").version;
}

async function expectWrittenBehind(row: Row, writer: Service, reader: Service): Promise<void> {
  const { record } = row;
  const { id, value, log } = entryKeys(record, "", keyFromNeutral(record, row.key));
  const entity = defineEntity<object, object>(record);
  const steps = [
    { request: { ...about(row), op: "put" }, native: row.native },
    { request: { op: "remove", entity: record.entity, key: row.key }, native: null },
  ];
  for (const { request, native } of steps) {
    const version = (await writer.ask(request))["version"] as number;
    const { head, payload } = encodeWriteItem(entity, id, native);
    expect(await lastEvent(log as LogKeys)).toEqual({
      stream: `${version}-0`,
      fields: {
        k: hex(Buffer.from(id)),
        g: hex(Buffer.from(String(record.generation))),
        h: hex(head),
        p: hex(payload),
      },
    });
    const versionBytes = Buffer.alloc(8);
    versionBytes.writeBigUInt64BE(BigInt(version));
    expect(hex(await stored(value))).toBe(hex(Buffer.concat([head, versionBytes, payload])));
    const found = await reader.ask({ op: "read", entity: record.entity, key: row.key });
    const expected = native === null ? { value: null, source: "redis", version, loads: 0 } : hit(row, version);
    expect(told(record, found)).toEqual(expected);
  }
}

async function lastEvent(log: LogKeys): Promise<{ stream: string; fields: Readonly<Record<string, string>> }> {
  const [event] = await redis.xrevrangeBuffer(log.wb, "+", "-", "COUNT", 1);
  const [stream, all] = event as [Buffer, Buffer[]];
  const fields: Record<string, string> = {};
  for (let at = 0; at < all.length; at += 2) fields[String(all[at])] = hex(all[at + 1] as Buffer);
  return { stream: stream.toString(), fields };
}

describe(`our contracts, rows from seed ${seed}`, () => {
  pairs(() => ({ config: OURS, folder: OURS }));
});

describe(`the golden contract, rows from seed ${seed}`, () => {
  pairs(() => golden);
});
