import { entryKeys } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import { Events } from "../src/events.ts";
import { Quarantine, type Undelivered } from "../src/resilience/quarantine.ts";
import { TransportError } from "../src/store/transport-error.ts";
import { FakeClock, SeededRandom } from "../src/testing/index.ts";
import { User } from "./entities.ts";

function setUp(maxKeys = 10): {
  clock: FakeClock;
  quarantine: Quarantine;
  sent: Undelivered[];
  redis: { up: boolean };
  sizes: number[];
} {
  const clock = new FakeClock();
  const events = new Events();
  const sent: Undelivered[] = [];
  const redis = { up: false };
  const sizes: number[] = [];
  events.on((event) => {
    if (event.type === "quarantine") sizes.push(event.size);
  });
  const quarantine = new Quarantine({
    clock,
    random: new SeededRandom(1),
    events,
    maxKeys,
    deliver: async (undelivered) => {
      sent.push(undelivered);
      if (!redis.up) throw new Error("down");
    },
  });
  return { clock, quarantine, sent, redis, sizes };
}

function owed(id: number, finish: Partial<Undelivered["finish"]> = {}): Undelivered {
  const keys = entryKeys(User.record, "", { id });
  return { record: User.record, keys, finish: { token: "", prev: "", version: 0, keep: false, ...finish } };
}

const covers = (quarantine: Quarantine, id: number): boolean =>
  quarantine.covers("user", entryKeys(User.record, "", { id }).value);

describe("quarantine", () => {
  test("a key is bypassed until its invalidation is acknowledged, which is tried for ever", async () => {
    const { clock, quarantine, redis, sizes } = setUp();
    quarantine.add(owed(1));
    expect(covers(quarantine, 1)).toBe(true);
    expect(covers(quarantine, 2)).toBe(false);
    await clock.advance(3_600_000);
    expect(covers(quarantine, 1)).toBe(true);
    redis.up = true;
    await clock.advance(1_500);
    expect(covers(quarantine, 1)).toBe(false);
    expect(sizes).toEqual([1, 0]);
    expect(clock.pending).toBe(0);
  });

  test("while Redis is away a round costs one message, and rounds become a second apart", async () => {
    const { clock, quarantine, sent } = setUp(1_000);
    for (let id = 0; id < 500; id++) quarantine.add(owed(id));
    await clock.advance(60_000);
    expect(sent.length).toBeGreaterThan(40);
    expect(sent.length).toBeLessThan(130);
  });

  test("a connection that comes back is used at once", async () => {
    const { clock, quarantine, redis } = setUp(1_000);
    for (let id = 0; id < 500; id++) quarantine.add(owed(id));
    await clock.advance(30_000);
    redis.up = true;
    quarantine.flush();
    await clock.advance(0);
    expect(quarantine.size).toBe(0);
  });

  test("writes of one key become one message that ends both and deletes unless both may keep", async () => {
    const { clock, quarantine, redis, sent } = setUp();
    quarantine.add(owed(1, { token: "t1", version: 7, keep: true }));
    quarantine.add(owed(1, { token: "t2", version: 5, keep: false }));
    redis.up = true;
    await clock.advance(1_000);
    expect(quarantine.size).toBe(0);
    expect(sent.map(({ finish }) => finish)).toEqual([{ token: "t2", prev: "t1", version: 7, keep: false }]);
  });

  test("an acknowledgement of an older message does not release a key that owes a newer one", async () => {
    const { clock, quarantine, sent } = setUp();
    const release: (() => void)[] = [];
    const held = new Quarantine({
      clock,
      random: new SeededRandom(1),
      events: new Events(),
      maxKeys: 10,
      deliver: (undelivered) => {
        sent.push(undelivered);
        return new Promise((resolve) => release.push(resolve));
      },
    });
    held.add(owed(1, { version: 1 }));
    await clock.advance(1_000);
    held.add(owed(1, { version: 2 }));
    release[0]?.();
    await clock.advance(0);
    expect(held.size).toBe(1);
    expect(sent.at(-1)?.finish.version).toBe(2);
    release[1]?.();
    await clock.advance(0);
    expect(held.size).toBe(0);
    quarantine.close();
  });

  test("beyond its limit the entity is bypassed whole, until Redis is back and one physical ttl has passed", async () => {
    const { clock, quarantine, redis } = setUp(2);
    for (const id of [1, 2, 3]) quarantine.add(owed(id));
    expect(quarantine.size).toBe(2);
    expect(covers(quarantine, 99)).toBe(true);
    await clock.advance(3_600_000);
    redis.up = true;
    quarantine.flush();
    await clock.advance(0);
    expect(quarantine.size).toBe(0);
    expect(covers(quarantine, 99)).toBe(true);
    await clock.advance(User.record.ttl_ms + User.record.grace_ms - 1);
    expect(covers(quarantine, 99)).toBe(true);
    await clock.advance(1);
    expect(covers(quarantine, 99)).toBe(false);
  });

  test("a key that Redis answers with an error does not hold up the others, and is tried again", async () => {
    const clock = new FakeClock();
    let broken = true;
    const held = new Quarantine({
      clock,
      random: new SeededRandom(1),
      events: new Events(),
      maxKeys: 1_000,
      deliver: async ({ keys }) => {
        if (broken && keys.id === "0") throw new TransportError("error", "unknown", "WRONGTYPE", "a foreign type");
      },
    });
    for (let id = 0; id < 500; id++) held.add(owed(id));
    await clock.advance(100);
    expect(held.size).toBe(1);
    expect(covers(held, 0)).toBe(true);
    broken = false;
    await clock.advance(1_500);
    expect(held.size).toBe(0);
  });

  test("settle tries at once, and ends whether or not Redis is there", async () => {
    const { quarantine, redis, sent } = setUp();
    quarantine.add(owed(1));
    await quarantine.settle();
    expect([sent.length, quarantine.size]).toEqual([1, 1]);
    redis.up = true;
    await quarantine.settle();
    expect([sent.length, quarantine.size]).toEqual([2, 0]);
    await quarantine.settle();
    expect(sent).toHaveLength(2);
  });

  test("settle does not count a round that began before it", async () => {
    const clock = new FakeClock();
    const fail: ((error: Error) => void)[] = [];
    let sent = 0;
    const held = new Quarantine({
      clock,
      random: new SeededRandom(1),
      events: new Events(),
      maxKeys: 10,
      deliver: () => {
        sent += 1;
        return sent === 1 ? new Promise((_, reject) => fail.push(reject)) : Promise.resolve();
      },
    });
    held.add(owed(1));
    await clock.advance(100);
    const settling = held.settle();
    fail[0]?.(new Error("cut"));
    await settling;
    expect([sent, held.size]).toEqual([2, 0]);
  });

  test("closed, it holds no timer", () => {
    const { clock, quarantine } = setUp();
    quarantine.add(owed(1));
    quarantine.close();
    expect(clock.pending).toBe(0);
  });
});
