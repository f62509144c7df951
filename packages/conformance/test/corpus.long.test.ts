import { expect, test } from "vitest";
import { conformance } from "./conformance-command.ts";

test("both testees pass everything, the long values too: nothing failed, skipped or known to fail", () => {
  const { status, lines, stderr } = conformance([]);
  expect(stderr).toBe("");
  expect(lines).toEqual([
    expect.stringMatching(/^typescript: \d{4,} passed, 0 failed, 0 skipped$/),
    expect.stringMatching(/^python: \d{4,} passed, 0 failed, 0 skipped$/),
    expect.stringMatching(/^\d{4,} passed, 0 failed, 0 skipped$/),
  ]);
  expect(status).toBe(0);
});
