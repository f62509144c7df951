import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type RunOptions, runConformance, type TesteeReport } from "../src/run.ts";
import { GOLDEN_PROTOS, type ScratchContract, scratchContract } from "../src/scratch-contract.ts";
import { isContractSuite, SUITES, wireChecks } from "../src/suites.ts";
import { REPOSITORY } from "../src/testee.ts";
import { brokenTestee, type Fault, idleTestee } from "./broken-testee.ts";

// Interpreters are processes: a loaded machine may take seconds to start one.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const scratch = mkdtempSync(path.join(tmpdir(), "cachepact-runner-"));
let golden: ScratchContract;

beforeAll(async () => {
  golden = await scratchContract({ protos: GOLDEN_PROTOS });
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  golden.close();
});

const lists = path.join(scratch, "known-failures");
beforeEach(() => rmSync(lists, { recursive: true, force: true }));

const CONTRACTS = path.join(REPOSITORY, "contracts/cachepact.json");

async function run(testee: string, options: Partial<RunOptions> = {}): Promise<TesteeReport> {
  const [report, ...others] = await runConformance({
    testees: [testee],
    contracts: CONTRACTS,
    suites: ["frames"],
    golden: golden.config,
    size: { cases: 1, seed: 1 },
    knownFailures: lists,
    ...options,
  });
  expect(others).toEqual([]);
  return report as TesteeReport;
}

function known(testee: string, text: string): void {
  mkdirSync(lists, { recursive: true });
  writeFileSync(path.join(lists, `${testee}.txt`), text);
}

const FRAMES = wireChecks("frames").map(({ name }) => name);

describe("a broken testee", () => {
  test("that is not broken passes everything", async () => {
    const report = await run(brokenTestee(scratch, "none", ""));
    expect(report).toMatchObject({ passed: FRAMES.length, failed: 0, skipped: 0, known: 0, restarts: 0 });
  });

  test("that gives wrong bytes fails each case that has them, and only those", async () => {
    const report = await run(brokenTestee(scratch, "wrong", "frame.encode"));
    const { failures } = report;
    expect(failures.length).toBeGreaterThan(10);
    expect(report.passed + report.failed).toBe(FRAMES.length);
    expect(report.restarts).toBe(0);
    for (const { check, why } of failures) {
      expect(check).toMatch(/^frames\//);
      expect(why).toMatch(/^frame\.encode: hex: expected "c1ca09.*", found "ffc1ca09/);
    }
  });

  test("that gives a wrong slot fails the keys whose slots are known", async () => {
    const report = await run(brokenTestee(scratch, "wrong", "key.slot"), { suites: ["keys"] });
    expect(report.failures.map(({ check }) => check)).toContain("keys/slot/92");
    expect(report.passed).toBeGreaterThan(50);
  });

  test("that gives another code fails each case that is to be refused, and only those", async () => {
    const { failures, passed } = await run(brokenTestee(scratch, "code", "frame.decode"));
    expect(failures.length).toBeGreaterThan(20);
    for (const { why } of failures) expect(why).toMatch(/^frame\.decode: E_OTHER instead of E_[A-Z_]+: /);
    expect(passed + failures.length).toBe(FRAMES.length);
  });

  test("that loses a member of what it decodes fails, unless the member is at its default", async () => {
    const { failures, passed } = await run(brokenTestee(scratch, "value", "entry.decode"), { suites: ["entries"] });
    expect(failures.length).toBeGreaterThan(20);
    for (const { why } of failures) expect(why).toMatch(/^entry\.decode: value: expected /);
    expect(passed).toBeGreaterThan(20);
  });

  test.each<Fault>(["crash", "swap", "garbage", "hang"])(
    "%s: the case at fault fails with runtime_error, and the others are checked all the same",
    async (fault) => {
      const report = await run(brokenTestee(scratch, fault, '"key.channels","namespace":"acme",'), {
        suites: ["keys"],
        // Long enough for a request on a loaded machine, and no longer than a test can wait.
        ...(fault === "hang" ? { requestTimeoutMs: 4000 } : {}),
      });
      expect(report.failures).toEqual([
        {
          check: "keys/channels/acme",
          why: expect.stringMatching(/^key\.channels: runtime_error instead of an answer: /) as unknown,
        },
      ]);
      expect(report.passed).toBe(wireChecks("keys").length - 1);
      expect(report.restarts).toBe(1);
    },
  );

  test("that skips is reported, and has not passed", async () => {
    const report = await run(brokenTestee(scratch, "skip", "frame.decode"));
    expect(report.failed).toBe(0);
    expect(report.skipped).toBeGreaterThan(0);
    expect(report.passed + report.skipped).toBe(FRAMES.length);
    expect(report.skips[0]?.why).toBe("frame.decode: not today");
  });
});

describe("known failures", () => {
  test("run, and are neither passed nor failed; comments and empty lines are none", async () => {
    const testee = brokenTestee(scratch, "wrong", "frame.encode");
    const before = await run(testee);
    known("wrong", `# why\n\n${before.failures.map(({ check }) => `${check} # a reason\n`).join("")}`);
    const after = await run(testee);
    expect(after).toMatchObject({ passed: before.passed, failed: 0, known: before.failed });
  });

  test("that pass are failures", async () => {
    known("none", "frames/golden\n");
    const report = await run(brokenTestee(scratch, "none", ""));
    expect(report).toMatchObject({ passed: FRAMES.length - 1, failed: 1, known: 0 });
    expect(report.failures).toEqual([
      { check: "frames/golden", why: expect.stringContaining("take it off the list") as unknown },
    ]);
  });

  test("that are skipped are skipped", async () => {
    known("skip", FRAMES.map((name) => `${name}\n`).join(""));
    const report = await run(brokenTestee(scratch, "skip", "frame.encode"));
    expect(report.skipped).toBeGreaterThan(0);
    expect(report.skips.some(({ check }) => check === "frames/golden")).toBe(true);
  });

  test("that no check has may be those of a suite that was left out", async () => {
    known("none", "frames/no-such-case\nvalues/no-such-case\n");
    expect((await run(brokenTestee(scratch, "none", ""))).failed).toBe(0);
  });

  test("that no check has are failures when every suite runs", async () => {
    known("none", "frames/no-such-case\n");
    const report = await run(idleTestee(scratch, "none"), { suites: SUITES });
    expect(report.passed).toBe(0);
    expect(report.skipped).toBeGreaterThan(6000);
    expect(report.failures).toEqual([
      { check: "frames/no-such-case", why: expect.stringContaining("no check has this name") as unknown },
    ]);
  });
});

test("every fixture file of the wire is a suite, and the names of its checks are unique", () => {
  const files = readdirSync(path.join(REPOSITORY, "packages/wire/fixtures")).filter((name) => name.endsWith(".json"));
  const suites = SUITES.filter((suite) => !isContractSuite(suite));
  expect(files.toSorted()).toEqual(suites.map((suite) => `${suite}.json`).toSorted());
  const names = suites.flatMap((suite) => wireChecks(suite).map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain("values/user/basic/msgpack/interpreter");
  expect(names.length).toBeGreaterThan(1500);
});
