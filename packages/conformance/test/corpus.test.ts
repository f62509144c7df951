import path from "node:path";
import { expect, test, vi } from "vitest";
import { SUITES } from "../src/suites.ts";
import { REPOSITORY } from "../src/testee.ts";
import { conformance } from "./conformance-command.ts";

// Thousands of requests to two interpreters: a loaded machine may take its time.
vi.setConfig({ testTimeout: 300_000 });

function only(...suites: readonly string[]): string[] {
  return suites.flatMap((suite) => ["--only", suite]);
}

test("both testees pass every case but the longest, which have their turn in test:ci: none failed, none skipped", () => {
  const suites = SUITES.filter((suite) => suite !== "boundaries");
  const { status, lines, stderr } = conformance(only(...suites), { CACHEPACT_CASES: "10" });
  expect(stderr).toBe("");
  expect(lines).toEqual([
    expect.stringMatching(/^typescript: \d{4,} passed, 0 failed, 0 skipped$/),
    expect.stringMatching(/^python: \d{4,} passed, 0 failed, 0 skipped$/),
    expect.stringMatching(/^\d{4,} passed, 0 failed, 0 skipped$/),
  ]);
  expect(status).toBe(0);
});

test("the reports are JSON when they are asked for", () => {
  const { status, lines } = conformance(["--json", ...only("frames", "keys"), "--testee", "python"]);
  expect(status).toBe(0);
  expect(JSON.parse(lines.join("\n"))).toEqual([
    expect.objectContaining({ testee: "python", failed: 0, skipped: 0, failures: [], skips: [] }),
  ]);
});

test("what cannot run says so and ends with 2", () => {
  const nowhere = conformance(["--contracts", "nowhere", ...only("golden")]);
  expect(nowhere).toMatchObject({ status: 2, lines: [""] });
  expect(nowhere.stderr).toContain(`no configuration at ${path.join(REPOSITORY, "nowhere")}`);
  const nobody = conformance(["--testee", "no/such/testee", ...only("frames")]);
  expect(nobody).toMatchObject({ status: 2, lines: [""] });
  expect(nobody.stderr).toContain("cannot be started");
  expect(conformance(only("everything")).stderr).toContain("known are values, boundaries");
});
