import { Writable } from "node:stream";
import type { WorkerEvent } from "@cachepact/writeback";
import { pino } from "pino";
import { beforeEach, describe, expect, test } from "vitest";
import { logEvents, REPEAT_MS } from "../src/logger.ts";

const place = { log: "preferences", partition: 3 };

let lines: Record<string, unknown>[];
let nowMs: number;
let write: (event: WorkerEvent) => void;
beforeEach(() => {
  lines = [];
  nowMs = 0;
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  write = logEvents(pino({ level: "info" }, sink), () => nowMs);
});

const ERROR = 50;
const WARN = 40;

describe("the log", () => {
  test.each<WorkerEvent>([
    { type: "armed", ...place, state: "loss", epoch: 2, dirty: 0 },
    { type: "armed", ...place, state: "older", epoch: 2, dirty: 0 },
    { type: "unknown_generation", ...place, generation: 2 },
    { type: "paused", ...place, reason: "undecodable", key: "00ff", error: new Error("E_SYNTAX: bad") },
  ])("has $type as an error", (event) => {
    write(event);
    expect(lines).toMatchObject([{ level: ERROR, ...place }]);
  });

  test("names the paused key by its hash, with the reason", () => {
    write({ type: "paused", ...place, reason: "undecodable", key: "00ff", error: new Error("E_SYNTAX: bad") });
    expect(lines).toMatchObject([{ key: "00ff", reason: "undecodable", error: "E_SYNTAX: bad" }]);
  });

  test("is silent about what goes well", () => {
    write({ type: "read", ...place, events: 1 });
    write({ type: "committed", ...place, rows: 1 });
    write({ type: "batch", ...place, applied: 1, superseded: 0, durationMs: 1 });
    write({ type: "armed", ...place, state: "restarted", epoch: 1, dirty: 0 });
    expect(lines).toEqual([]);
  });

  test("has a failure that repeats once in a while, with its number, and another one at once", () => {
    const failure = (message: string): void =>
      write({ type: "error", operation: "batch", ...place, error: new Error(message) });
    for (let i = 0; i < 5; i++) failure("connect ECONNREFUSED");
    failure("another");
    nowMs += REPEAT_MS;
    failure("connect ECONNREFUSED");
    expect(lines.map(({ level, error, repeated }) => [level, error, repeated])).toEqual([
      [WARN, "connect ECONNREFUSED", 0],
      [WARN, "another", 0],
      [WARN, "connect ECONNREFUSED", 4],
    ]);
  });

  test("never has what Postgres adds to an error", () => {
    const error = Object.assign(new Error("refused"), { detail: "Key (email)=(alice)", where: "JSON data: alice" });
    write({ type: "error", operation: "batch", ...place, error });
    write({ type: "paused", ...place, reason: "refused", key: null, error });
    expect(JSON.stringify(lines)).not.toContain("alice");
  });
});
