import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { describe, expect, test } from "vitest";

import { CONFIG, cachepact, PROTO, scratch, spawned, THING } from "./scratch.ts";

const GATED: unknown = { ...(CONFIG as object), history: "history" };

/** A generated contract with a first release. */
async function released(proto = PROTO): Promise<string> {
  const folder = scratch(proto, GATED);
  await cachepact("generate", "--config", folder);
  expect(await cachepact("snapshot", "--release", "1.0.0", "--config", folder)).toMatchObject({ code: 0 });
  return folder;
}

async function edit(folder: string, from: string, to: string): Promise<void> {
  const file = path.join(folder, THING);
  writeFileSync(file, readFileSync(file, "utf8").replace(from, to));
  await cachepact("generate", "--config", folder);
}

describe("cachepact check", () => {
  test("passes a contract that was never released, and says that nothing holds it yet", () => {
    const folder = scratch(PROTO, GATED);
    spawned(["generate"], folder);
    expect(spawned(["check"], folder)).toEqual({
      code: 0,
      stdout:
        "note: nothing is released yet: history holds no snapshot; cachepact snapshot makes the first one\n1 entity, 0 warnings\n",
      stderr: "",
    });
  });

  test("says so when the contract keeps no history", async () => {
    const folder = scratch();
    await cachepact("generate", "--config", folder);
    const { code, stdout } = await cachepact("check", "--config", folder);
    expect(code).toBe(0);
    expect(stdout).toContain('note: the contract has no history: nothing holds it to what is in Redis; name "history"');
  });

  test("refuses a change with its place, whom it breaks and what to do instead, on stderr", async () => {
    const folder = await released();
    await edit(folder, "string id = 1;", "string id = 1;\n  int32 old = 2;");
    await cachepact("snapshot", "--release", "1.1.0", "--config", folder);
    await edit(folder, "int32 old = 2;", "int64 old = 2;");
    const { code, stdout, stderr } = await cachepact("check", "--config", folder);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.split("\n")).toEqual([
      "E_COMPATIBILITY: the contract cannot be released, 1 refusal",
      `  ${THING}:16: thing@0 old: field old was int32 and is int64 (E_COMPATIBILITY field-type)`,
      "    breaks readers of both releases: each refuses values of the other (E_TYPE, E_RANGE) or takes them for others",
      expect.stringMatching(/^ {4}instead: bump the generation: release next_generation: 1 first/),
      "",
    ]);
  });

  test("a warning alone passes, and is printed", async () => {
    const folder = await released();
    await edit(folder, "ttl_ms: 60000", "ttl_ms: 600000");
    const { code, stdout, stderr } = await cachepact("check", "--config", folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(
      `${THING}:7: thing@0: ttl_ms was 60000 and is 600000 (warning: lifetime)\n    breaks no entry`,
    );
    expect(stdout).toMatch(/\n1 entity, compatible with 1 release up to 1\.0\.0, 1 warning\n$/);
  });

  test("reports everything that it finds, whatever the step, under the code that comes first", async () => {
    const folder = await released();
    await edit(folder, 'thing:{id}"', 'thing:{id}:all"');
    const file = path.join(folder, THING);
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file,
      text.replace("message Thing", "enum Color {\n  COLOR_UNSPECIFIED = 0;\n  RED = 1;\n}\n\nmessage Thing"),
    );
    writeFileSync(path.join(folder, "contracts.lock.json"), "");
    const { code, stderr } = await cachepact("check", "--config", folder);
    expect(code).toBe(1);
    for (const rule of ["(E_PROTO lint)", "(E_GENERATED generated)", "(E_COMPATIBILITY key)"])
      expect(stderr).toContain(rule);
  });

  test("--json prints one document and nothing else: a report, or the error", async () => {
    const folder = await released();
    const passed = await cachepact("check", "--json", "--config", folder);
    expect(passed).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(passed.stdout)).toEqual({ ok: true, findings: [], notes: [], entities: 1, releases: ["1.0.0"] });

    await edit(folder, "string id = 1;", "bytes id = 1;");
    const refused = await cachepact("check", "--json", "--config", folder);
    expect(refused).toMatchObject({ code: 1, stderr: "" });
    const finding = { code: "E_COMPATIBILITY", verdict: "refused", entity: "thing", generation: 0, file: THING };
    expect(JSON.parse(refused.stdout)).toMatchObject({
      ok: false,
      findings: [
        { ...finding, rule: "key", line: 7, change: expect.stringContaining("{id} was string and is bytes") },
        {
          ...finding,
          rule: "field-type",
          line: 15,
          field: "id",
          breaks: expect.any(String),
          instead: expect.any(String),
        },
      ],
    });

    const wrong = spawned(["check", "--json", "--config", "nowhere"], folder);
    expect(wrong).toMatchObject({ code: 1, stderr: "" });
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      ok: false,
      error: { code: "E_CONFIG", problems: [expect.any(String)] },
    });
  });
});

describe("cachepact snapshot", () => {
  test("says what it wrote, and refuses what check refuses", async () => {
    const folder = scratch(PROTO, GATED);
    await cachepact("generate", "--config", folder);
    expect(await cachepact("snapshot", "--release", "1.0.0", "--config", folder)).toEqual({
      code: 0,
      stdout: "wrote history/0001-1.0.0.json: 1 entity\n",
      stderr: "",
    });
    await edit(folder, "string id = 1;", "string name = 1;");
    const { code, stderr } = await cachepact("snapshot", "--release", "1.1.0", "--config", folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^E_PROTO: 1\.1\.0 cannot be released, 1 refusal\n/);
    expect(readdirSync(path.join(folder, "history"))).toEqual(["0001-1.0.0.json", "README.md", "baseline.binpb"]);
  });

  test("prints the warnings of the release", async () => {
    const folder = await released();
    await edit(folder, "ttl_ms: 60000", "ttl_ms: 600000");
    const { stdout } = await cachepact("snapshot", "--release", "1.1.0", "--config", folder);
    expect(stdout).toBe(
      "warning: thing: ttl_ms was 60000 and is 600000 (lifetime)\nwrote history/0002-1.1.0.json: 1 entity\n",
    );
  });

  test("passes on what was drained", async () => {
    const folder = await released();
    const args = ["snapshot", "--release", "1.1.0", "--drained", "thing@0", "--drained", "x", "--config", folder];
    const { code, stderr } = await cachepact(...args);
    expect(code).toBe(1);
    expect(stderr).toContain("E_HISTORY: 1.1.0 cannot be released\n  --drained thing@0: thing has no log");
    expect(stderr).toContain('  --drained "x" is not of the form entity@generation');
  });
});

describe("help", () => {
  test.each([
    ["check", ["--config <path>", "--json", "Exit code:"]],
    ["snapshot", ["--release <name>", "--drained <entity@generation>", "Exit code:"]],
  ])("of %s names its options and its exit code", async (command, texts) => {
    const { code, stdout } = await cachepact(command, "--help");
    expect(code).toBe(0);
    for (const text of texts) expect(stdout).toContain(text);
    expect((await cachepact("--help")).stdout).toMatch(new RegExp(`^ +${command} \\[options\\]`, "m"));
  });

  test.each([
    [["snapshot"], "E_OPTION: required option '--release <name>' not specified"],
    [["check", "--jsno"], "E_OPTION: unknown option '--jsno'"],
    [["check", "extra"], "E_OPTION: too many arguments for 'check'"],
  ])("refuses %j", async (args, message) => {
    const { code, stdout, stderr } = await cachepact(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.startsWith(message)).toBe(true);
  });
});
