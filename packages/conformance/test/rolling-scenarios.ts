import { expect } from "vitest";
import { type ContractOptions, contractProto, MESSAGES, type Message } from "../src/rolling/contract.ts";
import { LANGUAGES, type Member, type Order } from "../src/rolling/member-process.ts";
import { installRelease, type Release } from "../src/rolling/release.ts";
import { counted, type Rolled, type RollSize, roll } from "../src/rolling/roll.ts";
import type { Row } from "../src/rolling/row.ts";
import type { Stage } from "../src/rolling/stage.ts";
import type { Traffic } from "../src/rolling/traffic.ts";

/** Another type of a field under every codec, and another codec for one entity. */
const INCOMPATIBLE = { amount: "string", orderCodec: "CODEC_PROTOBUF" } as const;

/** The releases of a generation bump, in their order. */
export const BUMP: Readonly<Record<"before" | "announce" | "switch" | "retire", ContractOptions>> = {
  before: { generation: 2 },
  announce: { generation: 2, next: 3 },
  switch: { generation: 3, previous: 2, ...INCOMPATIBLE },
  retire: { generation: 3, ...INCOMPATIBLE },
};

export function install(name: string, options: ContractOptions): Promise<Release> {
  return installRelease(name, contractProto(options), MESSAGES);
}

/** What must hold of every two releases that may run together. */
export function expectSound(rolled: Rolled): void {
  expect(rolled.traffic.failures, "calls that failed").toEqual([]);
  expect(rolled.verdict.wrong, "reads of what nobody wrote").toEqual([]);
  expect(rolled.verdict.stale, "reads older than an acknowledged write").toEqual([]);
  expect(rolled.staleEntries, "stale entries at rest").toEqual([]);
  expect(rolled.staleAnswers, "stale answers at rest").toEqual([]);
  expect(counted(rolled, "decode_failure"), "entries that could not be decoded").toBe(0);
  // Or the run would prove nothing: reads were answered by Redis, loads were stored, writes overtook loads.
  for (const kind of ["request:hit", "fill:stored", "fill:lost", "write:stored", "write:deleted", "write:accepted"]) {
    expect(counted(rolled, kind), kind).toBeGreaterThan(0);
  }
}

/** Release N and N+1 of an additive change, together. */
export async function additiveRoll(stage: Stage, releases: readonly [Release, Release], size: RollSize): Promise<void> {
  const [older, newer] = releases;
  // The older worker must not write what it knows only a part of: it leaves that to the newer one.
  await stage.work(older);
  const fleets = [await stage.fleet(older), await stage.fleet(newer)] as const;
  // While the traffic has begun: the older one holds all partitions of the log for a while.
  const [rolled] = await Promise.all([roll(stage, fleets, size), stage.work(newer)]);
  expectSound(rolled);
  for (const { member, counts } of rolled.counts) {
    const seen = rolled.traffic.observations.filter((each) => each.member === member && each.foreign).length;
    expect(seen, `foreign entries that ${member.name} was told of`).toBeGreaterThan(0);
    // Callers that share one answer count it once.
    expect(counts["foreign"] ?? 0, `foreign entries that ${member.name} counted`).toBeGreaterThan(0);
  }
  expect(await stage.lostColumns(rolled.traffic), "columns that an older worker lost").toEqual([]);
  expect(rolled.verdict.sawNew, "new fields seen through an entry").toBeGreaterThan(0);
  expect(rolled.verdict.sawDefaults, "defaults seen for what the entry's writer did not know").toBeGreaterThan(0);
}

/** Every two adjacent releases of a generation bump together, on the same rows. */
export async function bumpRoll(stage: Stage, releases: readonly Release[], size: RollSize): Promise<void> {
  await stage.work(releases[2] as Release, releases[0] as Release);
  const before: Traffic[] = [];
  let fleet = await stage.fleet(releases[0] as Release);
  for (const release of releases.slice(1)) {
    const next = await stage.fleet(release);
    const rolled = await roll(stage, [fleet, next], size, before);
    expectSound(rolled);
    expect(counted(rolled, "foreign"), "entries of another schema under one's own generation").toBe(0);
    before.push(rolled.traffic);
    await Promise.all(fleet.map((member) => member.close()));
    fleet = next;
  }
}

/** The bump without its announcement: the same run, whose readers must see stale values. */
export async function skippedRoll(stage: Stage, releases: readonly Release[], size: RollSize): Promise<void> {
  const [older, newer] = [releases[0] as Release, releases[2] as Release];
  await stage.work(newer, older);
  const rolled = await roll(stage, [await stage.fleet(older), await stage.fleet(newer)], size);
  expect(rolled.traffic.failures, "calls that failed").toEqual([]);
  expect(rolled.verdict.wrong, "reads of what nobody wrote").toEqual([]);
  expect(rolled.verdict.stale.length, "reads older than an acknowledged write").toBeGreaterThan(0);
  expect(rolled.staleEntries.length, "stale entries at rest").toBeGreaterThan(0);
  expect(rolled.staleAnswers.length, "stale answers at rest").toBeGreaterThan(0);
  // Only where the newer release reads what the older one does not know of: the newer one reaches both generations.
  expect(rolled.staleEntries.filter((entry) => !/^\w+@3 /.test(entry))).toEqual([]);
}

/** Every way to write, of every kind of entity. */
const WRITES: readonly (readonly [Message, Order["op"], "row" | "deletion"])[] = [
  ...(["Order", "Cart", "Note"] as const).flatMap((message) =>
    (["write", "invalidate"] as const).flatMap((op) =>
      (["row", "deletion"] as const).map((what) => [message, op, what] as const),
    ),
  ),
  ["Draft", "put", "row"],
  ["Draft", "remove", "deletion"],
];

/**
 * What readers of one release still see, step by step, after a member of another release has overwritten what they had in
 * Redis: a line for each language of either and each way to write. It takes rows that nobody has used, from `firstKey` on.
 */
export async function overtaken(
  readers: readonly Member[],
  writers: readonly Member[],
  firstKey: number,
): Promise<readonly string[]> {
  const stale: string[] = [];
  let key = firstKey;
  const step = async (reader: Member, writer: Member, [message, op, what]: (typeof WRITES)[number]): Promise<void> => {
    const id = key++;
    const ask = (member: Member, order: Order): Promise<Readonly<Record<string, unknown>>> => done(member, order);
    const row = (name: string): Row => ({ name, amount: 1, tier: 1, revision: 1 });
    await ask(writer, { op: message === "Draft" ? "put" : "write", message, key: id, row: row("first") });
    const before = (await ask(reader, { op: "read", message, key: id }))["row"] as Row;
    expect(before["name"], `${reader.name} reads what ${writer.name} wrote`).toBe("first");
    await ask(writer, { op, message, key: id, row: what === "row" ? row("second") : null });
    const after = (await ask(reader, { op: "read", message, key: id }))["row"] as Row | null;
    if (after?.["name"] === "first") stale.push(`${reader.name} after ${writer.name} ${op} ${what} of ${message}`);
    else expect(after?.["name"] ?? null).toBe(what === "row" ? "second" : null);
  };
  const steps = readers.flatMap((reader) =>
    writers.flatMap((writer) => WRITES.map((way) => step(reader, writer, way))),
  );
  await Promise.all(steps);
  return stale;
}

/** How many lines `overtaken` has when nothing reaches the readers' generation. */
export const EVERY_WAY: number = WRITES.length * LANGUAGES.length ** 2;

async function done(member: Member, order: Order): Promise<Readonly<Record<string, unknown>>> {
  const outcome = await member.ask(order);
  if ("error" in outcome) throw new Error(`${member.name} ${order.op}: ${outcome.error.code} ${outcome.error.message}`);
  return outcome.ok;
}
