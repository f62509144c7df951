import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";

import { entity, problemsOfEach } from "./scratch-contract.ts";

const spec = readFileSync(fileURLToPath(new URL("../../wire/SPEC.md", import.meta.url)), "utf8");
const profile = spec.slice(spec.indexOf("\n## 17. Contract profile\n"), spec.indexOf("\n## 18. "));

/** The rows of the profile's table: what is refused, and an example. */
const rows = [...profile.matchAll(/^\| ([^|`]+?) +\| `([^`]+)` +\|/gm)].map(([, refused = "", example = ""]) => ({
  refused,
  example,
}));

/** A message with the example; a declaration behind its first field stands beside the message. */
function proto(example: string): string {
  const imported = example.includes("google.protobuf.Duration") ? "google/protobuf/duration.proto" : undefined;
  const [, field = example, declaration = ""] = /^([^;{]+;) (enum .*)$/.exec(example) ?? [];
  const text = `${entity(`  string id = 1;\n  ${field}`)}${declaration}\n`;
  return imported === undefined ? text : text.replace("google/protobuf/timestamp.proto", imported);
}

describe("the contract profile of SPEC 17", () => {
  let problems: readonly (readonly string[])[] = [];
  beforeAll(async () => {
    problems = await problemsOfEach(rows.map(({ example }) => proto(example)));
  });

  test("has its rows", () => {
    expect(rows).toHaveLength(12);
  });

  test.each(rows.map((row, index) => ({ ...row, index })))("refuses $refused: $example", ({ index }) => {
    expect(problems[index]).toHaveLength(1);
    // File, line, what was found; a way out.
    expect(problems[index]?.[0]).toMatch(/^proto\/shop\/v1\/thing\.proto:\d+: shop\.v1\.[\w.]+: .+[;,] /);
  });
});
