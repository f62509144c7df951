import { Writable } from "node:stream";
import { FakeClock } from "@cachepact/cache-core/testing";
import type { WorkerEvent } from "@cachepact/writeback";
import { pino } from "pino";
import { beforeEach, describe, expect, test } from "vitest";
import { EventLog, GATHER_MS, REPEAT_MAX_MS, REPEAT_MS } from "../src/event-log.ts";

const place = { log: "preferences", partition: 3 };
const here = { log: "preferences", partitions: [3] };

let lines: Record<string, unknown>[];
let clock: FakeClock;
let events: EventLog;
beforeEach(() => {
  lines = [];
  clock = new FakeClock();
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  events = new EventLog(pino({ level: "info" }, sink), clock);
});

const ERROR = 50;
const WARN = 40;

function failure(message: string, partition = 3): WorkerEvent {
  return { type: "error", operation: "batch", log: "preferences", partition, error: new Error(message) };
}

describe("the log", () => {
  test.each<WorkerEvent>([
    { type: "armed", ...place, state: "loss", epoch: 2, dirty: 0 },
    { type: "armed", ...place, state: "older", epoch: 2, dirty: 0 },
    { type: "unknown_generation", ...place, generation: 2 },
    { type: "unknown_fields", ...place, generation: 1 },
    { type: "paused", ...place, reason: "undecodable", key: "00ff", error: new Error("E_SYNTAX: bad") },
  ])("has $type as an error", async (event) => {
    events.listen(event);
    await clock.advance(GATHER_MS);
    expect(lines).toMatchObject([{ level: ERROR, ...here }]);
  });

  test("names the paused key by its hash, with the reason", async () => {
    events.listen({ type: "paused", ...place, reason: "undecodable", key: "00ff", error: new Error("E_SYNTAX: bad") });
    await clock.advance(GATHER_MS);
    expect(lines).toMatchObject([{ key: "00ff", reason: "undecodable", error: "E_SYNTAX: bad" }]);
  });

  test("is silent about what goes well", async () => {
    events.listen({ type: "read", ...place, events: 1 });
    events.listen({ type: "committed", ...place, rows: 1 });
    events.listen({ type: "batch", ...place, applied: 1, superseded: 0, durationMs: 1 });
    events.listen({ type: "armed", ...place, state: "restarted", epoch: 1, dirty: 0 });
    await clock.advance(GATHER_MS);
    expect(lines).toEqual([]);
  });

  test("has one line for what all partitions see", async () => {
    const all = Array.from({ length: 16 }, (_, partition) => partition);
    for (const partition of all.toReversed()) {
      events.listen({ type: "claimed", log: "preferences", partition });
      events.listen({ type: "armed", log: "preferences", partition, state: "loss", epoch: 2, dirty: 0 });
      events.listen(failure("connect ECONNREFUSED", partition));
    }
    await clock.advance(GATHER_MS);
    expect(lines.map(({ msg, partitions }) => [msg, partitions])).toEqual([
      ["partitions claimed", all],
      [expect.stringContaining("without the state"), all],
      ["a step failed and is tried again", all],
    ]);
  });

  test("has what repeats with its number, at growing intervals, and another thing at once", async () => {
    events.listen(failure("connect ECONNREFUSED"));
    await clock.advance(GATHER_MS);
    for (let i = 0; i < 4; i++) events.listen(failure("connect ECONNREFUSED"));
    events.listen(failure("another"));
    await clock.advance(GATHER_MS);
    const seen = (): unknown[] => lines.map(({ level, error, times }) => [level, error, times]);
    expect(seen()).toEqual([
      [WARN, "connect ECONNREFUSED", undefined],
      [WARN, "another", undefined],
    ]);
    await clock.advance(REPEAT_MS - GATHER_MS);
    expect(seen()[2]).toEqual([WARN, "connect ECONNREFUSED", 4]);
    expect(lines[2]).toMatchObject({ partitions: [3] });
  });

  test("of an outage of an hour is about a line a minute, and it is news again when it was over", async () => {
    const second = 1_000;
    for (let i = 0; i < 3_600; i++) {
      events.listen(failure("connect ECONNREFUSED"));
      await clock.advance(second);
    }
    expect(lines.length).toBeLessThan(70);
    const told = lines.reduce((sum, { times }) => sum + Number(times ?? 1), 0);
    expect(told).toBeGreaterThan(3_600 - REPEAT_MAX_MS / second - 1);
    await clock.advance(2 * REPEAT_MAX_MS);
    expect(clock.pending).toBe(0);
    const before = lines.length;
    events.listen(failure("connect ECONNREFUSED"));
    await clock.advance(GATHER_MS);
    expect(lines.length).toBe(before + 1);
  });

  test("is complete after flush", () => {
    events.listen({ type: "released", ...place });
    events.flush();
    expect(lines).toMatchObject([{ msg: "partitions given back", ...here }]);
    expect(clock.pending).toBe(0);
  });

  test("never has what Postgres adds to an error", async () => {
    const error = Object.assign(new Error("refused"), { detail: "Key (email)=(alice)", where: "JSON data: alice" });
    events.listen({ type: "error", operation: "batch", ...place, error });
    events.listen({ type: "paused", ...place, reason: "refused", key: null, error });
    await clock.advance(GATHER_MS);
    expect(lines).toHaveLength(2);
    expect(JSON.stringify(lines)).not.toContain("alice");
  });
});
