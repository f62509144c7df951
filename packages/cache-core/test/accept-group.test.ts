import { isCachepactError, logKeys } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import { type Accepted, AcceptGroup } from "../src/store/accept-group.ts";
import { TransportError } from "../src/store/transport-error.ts";
import { Preferences } from "./entities.ts";

const log = logKeys(Preferences.record, "", 7);
const timeout = new TransportError("timeout", "unknown", "TIMEOUT", "no reply");
const refused = new TransportError("unavailable", "none", "UNAVAILABLE", "no connection");
const oom = new TransportError("oom", "none", "OOM", "full");

/** When the first copy went out, on the monotonic clock. */
const SENT_AT = 100;

function group(payloadBytes: readonly number[] = [10]): { group: AcceptGroup; answers: (Accepted | string)[] } {
  const answers: (Accepted | string)[] = [];
  const items = payloadBytes.map((bytes, index) => ({
    log,
    id: String(index),
    head: Buffer.alloc(16),
    payload: Buffer.alloc(bytes),
    valueKeys: [`preferences@1:${log.tag}:${index}`],
    since: 0,
    resolve: (accepted: Accepted) => void (answers[index] = accepted),
    reject: (error: Error) =>
      void (answers[index] = isCachepactError(error) ? `${error.code} ${error.retryAfterMs ?? error.op}` : "?"),
  }));
  const made = new AcceptGroup("preferences", "op", log, items, 0);
  made.start(5_000, SENT_AT);
  return { group: made, answers };
}

describe("accept group", () => {
  test("OK and DUP give each write its version", () => {
    for (const code of ["OK", "DUP"]) {
      const { group: made, answers } = group([1, 2, 3]);
      made.take(code, 500);
      expect(answers.map((answer) => (answer as Accepted).version)).toEqual([500, 501, 502]);
      expect(answers[0]).toMatchObject({ op: "7.30000.op" });
      expect(made.done).toBe(true);
    }
  });

  test("costs what the worker will take off again: the payload twice and 400 bytes an event", () => {
    expect(group([0, 250]).group.costBytes).toBe(400 + 900);
  });

  test("the deadline names the half of the op records", () => {
    const opsKeyAt = (partitionNow: number): string => {
      const made = new AcceptGroup("preferences", "op", log, [], 0);
      made.start(partitionNow, 0);
      return made.opsKey;
    };
    expect(opsKeyAt(4_999)).toBe(log.opsA);
    expect(opsKeyAt(5_000)).toBe(log.opsB);
  });

  test("every copy carries the deadline of the first", () => {
    const { group: made } = group();
    made.start(9_000, 4_000);
    expect(made.deadlineMs).toBe(30_000);
  });

  test("FULL and OOM are a refusal only while no attempt is in doubt", () => {
    const full = group();
    full.group.take("FULL", 120.5);
    expect(full.answers).toEqual(["E_FULL 121"]);
    const memory = group();
    memory.group.fail(oom, 900);
    expect(memory.answers).toEqual(["E_FULL 900"]);
    const doubtful = group();
    doubtful.group.fail(timeout, 900);
    doubtful.group.take("FULL", 120);
    doubtful.group.fail(oom, 900);
    expect(doubtful.group.done).toBe(false);
    doubtful.group.take("DUP", 7);
    expect(doubtful.answers[0]).toMatchObject({ version: 7 });
  });

  test("NOTREADY and refusals leave the group as it was", () => {
    const { group: made } = group();
    made.take("NOTREADY", 0);
    made.fail(refused, 900);
    expect(made.done).toBe(false);
    expect(made.mayHaveRun).toBe(false);
    expect(made.deadlineMs).toBe(30_000);
  });

  test("CLOCK asks for a new deadline, or leaves the outcome unknown when an attempt is in doubt", () => {
    const fresh = group();
    fresh.group.take("CLOCK", 99);
    expect(fresh.group.done).toBe(false);
    fresh.group.start(70_000, 200);
    expect(fresh.group.deadlineMs).toBe(95_000);
    const doubtful = group();
    doubtful.group.fail(timeout, 900);
    doubtful.group.take("CLOCK", 99);
    expect(doubtful.answers).toEqual(["E_UNKNOWN 7.30000.op"]);
  });

  test("an answer outside the table leaves the outcome in doubt", () => {
    const { group: made } = group();
    made.take("LATER", 0);
    expect(made.mayHaveRun).toBe(true);
  });

  test("what cannot have run is given up after the wait, what may have run only after its deadline", () => {
    const idle = group();
    idle.group.expire(2_999, 0, 3_000);
    expect(idle.group.done).toBe(false);
    idle.group.expire(3_000, 0, 3_000);
    expect(idle.answers).toEqual(["E_UNAVAILABLE 1000"]);
    const doubtful = group();
    doubtful.group.fail(timeout, 900);
    doubtful.group.expire(SENT_AT + 24_999, 60_000, 3_000);
    expect(doubtful.group.done).toBe(false);
    doubtful.group.expire(SENT_AT + 25_000, 0, 3_000);
    expect(doubtful.answers).toEqual(["E_UNKNOWN 7.30000.op"]);
  });

  test("while Redis has been away for the whole wait already, a new write is refused at once", () => {
    const { group: made, answers } = group();
    made.expire(0, 3_000, 3_000);
    expect(answers).toEqual(["E_UNAVAILABLE 1000"]);
  });

  test("refused arguments are a bug and not sent again", () => {
    const { group: made, answers } = group();
    made.fail(new TransportError("error", "none", "BADARG", "BADARG accept: op must be …"), 900);
    expect(answers).toEqual(["E_SCRIPT undefined"]);
  });

  test("callers are answered once", async () => {
    const { group: made, answers } = group();
    made.take("OK", 5);
    made.abandon();
    await made.settled;
    expect(answers).toEqual([{ version: 5, op: "7.30000.op" }]);
  });
});
