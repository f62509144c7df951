import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { metrics, scripts } from "@cachepact/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { luaScripts } from "../scripts/lua-script.ts";
import { outputs } from "../scripts/outputs.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

test("the committed files are what their sources give", () => {
  for (const [path, text] of outputs(root)) expect(readFileSync(path, "utf8"), path).toBe(text);
});

test("two runs give the same text", () => {
  expect([...outputs(root)]).toEqual([...outputs(root)]);
});

test("the generated metrics are the vocabulary", () => {
  const file = readFileSync(join(root, "vocabulary/metrics.json"), "utf8");
  const rows = (JSON.parse(file) as { metrics: { name: string }[] }).metrics;
  expect(Object.entries(metrics)).toEqual(rows.map(({ name, ...spec }) => [name, spec]));
});

test("every script has the SHA-1 of its source and names its arguments", () => {
  for (const [name, script] of Object.entries(scripts)) {
    expect(script.name).toBe(name);
    expect(script.sha1).toBe(createHash("sha1").update(script.source).digest("hex"));
    expect(script.source).toMatch(/^#!lua( flags=[a-z-]+)?\n/);
    expect(script.source).not.toContain("-- include:");
    expect(script.keys.length).toBeGreaterThan(0);
    expect(script.argv.length).toBeGreaterThan(0);
  }
});

describe("in a folder of its own", () => {
  let folder: string;
  let wire: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cachepact-generate-"));
    wire = join(folder, "packages/wire");
    for (const part of ["scripts", "vocabulary", "lua"])
      cpSync(join(root, part), join(wire, part), { recursive: true });
    // Node reads the type of the modules from the nearest manifest.
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function generate(...options: string[]): { status: number | null; output: string } {
    const run = spawnSync(process.execPath, [join(wire, "scripts/generate.ts"), ...options], { encoding: "utf8" });
    return { status: run.status, output: run.stdout + run.stderr };
  }

  test("--check fails on every difference and writes nothing", () => {
    expect(generate("--check")).toMatchObject({
      status: 1,
      output: expect.stringContaining("packages/wire/src/gen/errors.ts"),
    });
    expect(generate().status).toBe(0);
    expect(generate("--check").status).toBe(0);
    expect(generate()).toEqual({ status: 0, output: "" });
    const python = join(folder, "packages/cache-core-py/src/cachepact/_gen/scripts.py");
    writeFileSync(python, `${readFileSync(python, "utf8")}# edited\n`);
    const check = generate("--check");
    expect(check).toMatchObject({ status: 1, output: expect.stringContaining("_gen/scripts.py") });
    expect(readFileSync(python, "utf8")).toContain("# edited");
  });

  test("parts are spliced before the SHA-1 is taken", () => {
    const lua = join(folder, "lua");
    mkdirSync(lua);
    writeFileSync(join(lua, "_part.lua"), "local a = 1\nlocal b = 2\n");
    writeFileSync(
      join(lua, "x.lua"),
      "#!lua\n-- Says something.\n-- KEYS[1] value  the entry\n-- ARGV[1] ttl    ms\n--          and more about KEYS[2] other\n-- ARGV[2] n\n-- include: _part.lua\nreturn a\n",
    );
    const source =
      "#!lua\n-- Says something.\n-- KEYS[1] value  the entry\n-- ARGV[1] ttl    ms\n--          and more about KEYS[2] other\n-- ARGV[2] n\nlocal a = 1\nlocal b = 2\nreturn a\n";
    const sha1 = createHash("sha1").update(source).digest("hex");
    expect(luaScripts(lua)).toEqual([{ name: "x", sha1, source, keys: ["value"], argv: ["ttl", "n"] }]);
  });

  test("a name that stands twice in a vocabulary is refused", () => {
    const file = join(wire, "vocabulary/errors.json");
    const { errors } = JSON.parse(readFileSync(file, "utf8")) as { errors: object[] };
    writeFileSync(file, JSON.stringify({ format: 1, errors: [...errors, errors[0]] }));
    expect(generate()).toMatchObject({ status: 1, output: expect.stringContaining("E_TYPE stands there twice") });
  });
});
