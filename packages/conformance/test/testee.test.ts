import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Reply } from "../src/protocol.ts";
import { REPOSITORY, startTestee, type Testee, type TesteeOptions } from "../src/testee.ts";
import { brokenTestee, type Fault } from "./broken-testee.ts";

// Interpreters are processes: a loaded machine may take seconds to start one.
vi.setConfig({ testTimeout: 60_000 });

const scratch = mkdtempSync(path.join(tmpdir(), "cachepact-testees-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const CONTRACTS = path.join(REPOSITORY, "contracts");

async function started(name: string, options: Partial<TesteeOptions> = {}): Promise<Testee> {
  const testee = await startTestee(name, { contracts: CONTRACTS, ...options });
  onTestFinished(() => testee.close());
  return testee;
}

/** Long enough for a request on a loaded machine, and no longer than a test can wait. */
const PATIENCE = { requestTimeoutMs: 4000 };

function broken(fault: Fault, mark = "key.partition"): Promise<Testee> {
  return started(brokenTestee(scratch, fault, mark), PATIENCE);
}

const PARTITION = { op: "key.partition", message: "preferences.v1.Preferences", entry_id: "42" };

function slotOf(key: string): { op: string; key: string } {
  return { op: "key.slot", key };
}

function codes(replies: readonly Reply[]): readonly string[] {
  return replies.map((reply) => ("error" in reply ? reply.error.code : "ok" in reply ? "ok" : "skipped"));
}

describe("a testee that misbehaves", () => {
  test.each<[Fault, RegExp]>([
    ["crash", /ended with exit code 7; standard error ends with: out of luck/],
    ["hang", /did not answer within 4000 ms/],
    ["swap", /no reply to request \d+/],
    ["garbage", /no reply to request \d+: Segmentation fault/],
  ])("%s: that request is a runtime_error, those after it are asked again of a new process", async (fault, message) => {
    const testee = await broken(fault);
    const requests = [slotOf("a"), slotOf("b"), PARTITION, slotOf("a"), slotOf("b"), slotOf("c")];
    const replies = await testee.askAll(requests);
    expect(codes(replies)).toEqual(["ok", "ok", "runtime_error", "ok", "ok", "ok"]);
    expect(replies[2]).toMatchObject({ error: { message: expect.stringMatching(message) as unknown } });
    expect(replies[3]).toEqual(replies[0]);
    expect(replies[4]).toEqual(replies[1]);
    expect(testee.restarts).toBe(1);
  });

  test("a second reply is nobody's: the request after it is a runtime_error, not the owner of a foreign answer", async () => {
    const testee = await broken("twice");
    const replies = await testee.askAll([slotOf("a"), PARTITION, slotOf("b"), slotOf("c")]);
    expect(codes(replies)).toEqual(["ok", "ok", "runtime_error", "ok"]);
  });

  test("one that crashes at every request is started again for each", async () => {
    const testee = await broken("crash", "key.slot");
    expect(codes(await testee.askAll([slotOf("a"), slotOf("b"), slotOf("c")]))).toEqual([
      "runtime_error",
      "runtime_error",
      "runtime_error",
    ]);
    expect(await testee.ask(PARTITION)).toHaveProperty("ok");
  });

  test("one that crashes at hello cannot be started", async () => {
    await expect(broken("crash", '"hello"')).rejects.toThrow(/crash: it ended with exit code 7/);
  });

  test("one that hangs at hello cannot be started", async () => {
    const file = brokenTestee(scratch, "hang", '"hello"', "hangs-at-hello");
    await expect(startTestee(file, { contracts: CONTRACTS, startTimeoutMs: 800 })).rejects.toThrow(/within 800 ms/);
  });

  test("a file that is none cannot be started", async () => {
    await expect(startTestee(path.join(scratch, "nobody"), { contracts: CONTRACTS })).rejects.toThrow(
      /nobody cannot be started: .*ENOENT/,
    );
  });

  test("what is asked after close, or under way, is a runtime_error", async () => {
    const testee = await started(brokenTestee(scratch, "hang", "key.slot", "hangs"));
    const asked = testee.ask(slotOf("a"));
    await testee.close();
    expect(codes([await asked, await testee.ask(slotOf("a"))])).toEqual(["runtime_error", "runtime_error"]);
  });
});

describe.each(["typescript", "python"])("the testee of %s", (name) => {
  test("says what it is, and has every op of PROTOCOL.md", async () => {
    const { hello } = await started(name);
    expect(hello).toMatchObject({ impl: name, protocol: 1, paths: ["generated", "interpreter"] });
    expect(hello.ops.toSorted()).toEqual(
      [
        ..."hello key.build key.parse key.from-id key.slot key.partition key.channels value.encode value.decode".split(
          " ",
        ),
        ..."frame.encode frame.decode entry.encode entry.decode write.encode write.decode bye".split(" "),
      ].toSorted(),
    );
  });

  test("answers thousands of requests that do not wait for each other, in order", async () => {
    const testee = await started(name);
    const replies = await testee.askAll(Array.from({ length: 3000 }, (_, n) => slotOf(`k${n % 7}`)));
    expect(new Set(replies.map((reply) => JSON.stringify({ ...reply, id: 0 }))).size).toBe(7);
    expect(testee.restarts).toBe(0);
  });

  test("has a typed answer to whatever is malformed", async () => {
    const testee = await started(name);
    const user = { message: "users.v1.User" };
    const value = { id: "1", created_at: [0, 0] };
    const bad = [
      { op: "value.encode" },
      { op: "value.encode", message: "no.Such", value },
      { op: "value.encode", message: 5, value },
      { op: "value.encode", ...user },
      { op: "value.encode", ...user, value: null },
      { op: "value.encode", ...user, value: [] },
      { op: "value.encode", ...user, value: { id: 1 } },
      { op: "value.encode", ...user, value: { labels: { a: "b" } } },
      { op: "value.encode", ...user, value: { created_at: "1970-01-01T00:00:00Z" } },
      { op: "value.encode", ...user, codec: "xml", value },
      { op: "value.encode", ...user, path: "fast", value },
      { op: "value.decode", ...user, hex: "7B" },
      { op: "value.decode", ...user, hex: "7" },
      { op: "value.decode", ...user, hex: "7b7d", mode: "sloppy" },
      { op: "key.build", ...user, key: ["1"] },
      { op: "key.build", ...user, key: { id: "1" }, namespace: null },
      { op: "key.build", ...user, key: { id: "1" }, generation: "1" },
      { op: "key.slot" },
      { op: "frame.encode", header: { codec: 1 }, payload: "" },
      { op: "frame.encode", header: { codec: "1", fingerprint: "00000000" }, payload: "" },
      { op: "frame.encode", header: { codec: 1, fingerprint: "00" }, payload: "" },
      { op: "frame.encode", header: { codec: 1, fingerprint: "00000000", dirty: 1 }, payload: "" },
      { op: "entry.encode", ...user, value, meta: { version: "1" } },
      { op: "write.decode", stream: "1-0", fields: { k: "4" } },
      { op: "hello", protocol: 2, contracts: CONTRACTS },
      { op: "hello", protocol: 1 },
    ];
    const replies = await testee.askAll(bad);
    expect(replies.map((reply, n) => [codes([reply])[0], JSON.stringify(bad[n])])).toEqual(
      bad.map((request) => ["bad_request", JSON.stringify(request)]),
    );
    expect(await testee.ask({ op: "time.travel" })).toHaveProperty("skipped");
    expect(await testee.ask({ op: "toString" })).toHaveProperty("skipped");
    expect(await testee.ask({ op: "value.encode", entity: "user", value })).toHaveProperty("ok");
    expect(testee.restarts).toBe(0);
  });

  test("takes a broken folder for what it is, and goes on with the one before", async () => {
    const testee = await started(name);
    const hello = { op: "hello", protocol: 1 };
    const config = path.join(scratch, `${name}-broken.json`);
    writeFileSync(config, '{ "lock": "nowhere.lock.json" }');
    const nowhere = path.join(scratch, "nowhere");
    expect(codes([await testee.ask({ ...hello, contracts: nowhere })])).toEqual(["E_CONFIG"]);
    expect(codes([await testee.ask({ ...hello, contracts: config })])).toEqual(["E_GENERATED"]);
    expect(codes([await testee.ask(PARTITION)])).toEqual(["ok"]);
  });

  test("refuses contracts that do not exist before anything is asked", async () => {
    await expect(startTestee(name, { contracts: path.join(scratch, "nowhere") })).rejects.toThrow(
      /refuses the contracts: E_CONFIG/,
    );
  });
});
