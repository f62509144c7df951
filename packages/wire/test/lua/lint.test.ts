import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { luaFolder, scripts } from "./scripts.ts";

/** The closed list, each with the first line that SPEC 10 gives it. */
const shebangs: Readonly<Record<string, string>> = {
  acquire: "#!lua",
  fill: "#!lua",
  store: "#!lua",
  accept: "#!lua",
  begin: "#!lua flags=allow-oom",
  finish: "#!lua flags=allow-oom",
  renew: "#!lua flags=allow-oom",
  release: "#!lua flags=allow-oom",
  ack: "#!lua flags=allow-oom",
  rearm: "#!lua flags=allow-oom",
  pending: "#!lua flags=no-writes",
};

/** Source without its comments. */
const code = (source: string): string => source.replaceAll(/^\s*--.*$/gm, "");

const header = (source: string): string => /^#!.*\n((?:--.*\n)+)/.exec(source)?.[1] ?? "";

test("the scripts are the closed list of SPEC", () => {
  expect([...scripts.keys()].toSorted()).toEqual(Object.keys(shebangs).toSorted());
});

test("SPEC names each script with its keys and arguments", () => {
  const spec = readFileSync(fileURLToPath(new URL("../../SPEC.md", import.meta.url)), "utf8");
  for (const { name, argv } of scripts.values()) {
    const row = spec.split("\n").find((line) => new RegExp(`^\\| ${name} +\\|`).test(line));
    expect(row, name).toBeDefined();
    for (const argument of argv) expect(row, `${name} ${argument}`).toContain(argument);
  }
});

describe.each([...scripts.values()])("$name", ({ name, source }) => {
  test("starts with the shebang that says whether a full Redis runs it", () => {
    expect(source.split("\n")[0]).toBe(shebangs[name]);
  });

  test("documents every key and argument that it uses, why it is atomic, and its cluster rule", () => {
    for (const table of ["KEYS", "ARGV"] as const) {
      for (const [, index] of code(source).matchAll(new RegExp(`${table}\\[(\\d+)\\]`, "g"))) {
        expect(header(source)).toMatch(new RegExp(`^-- ${table}\\[${index}\\] +\\w+ +\\S`, "m"));
      }
    }
    expect(header(source)).toMatch(/^-- Returns /m);
    expect(header(source)).toMatch(/^-- Atomic, because /m);
    expect(header(source)).toMatch(/^-- Cluster: /m);
  });

  test("includes every part that it names", () => {
    expect(source).not.toMatch(/^-- include:/m);
  });

  test("calls only commands that are fit for a hot, atomic script", () => {
    const commands = [...code(source).matchAll(/redis\.p?call\(\s*'(\w+)'/g)].map(([, command]) => command ?? "");
    const calls = [...code(source).matchAll(/redis\.p?call\(/g)].length;
    expect(commands, "every command is a literal").toHaveLength(calls);
    for (const command of commands) {
      expect(command).not.toMatch(
        /^(KEYS|SCAN|FLUSH\w*|EVAL\w*|SMEMBERS|HGETALL|HKEYS|HVALS|WAIT\w*|MULTI|RANDOMKEY)$/,
      );
      if (command === "XTRIM") expect(name).toBe("ack");
    }
    expect(commands.filter((command) => command === "TIME").length).toBeLessThanOrEqual(1);
  });

  test("trims a stream by MINID only, and never reads a payload", () => {
    for (const [call] of code(source).matchAll(/'XTRIM'[^)]*/g)) expect(call).toContain("'MINID'");
    expect(code(source)).not.toMatch(/MAXLEN|cjson|cmsgpack|math\.random|loadstring|_G/);
  });

  test("writes nothing when it is flagged no-writes", () => {
    if (!shebangs[name]?.includes("no-writes")) return;
    const commands = [...code(source).matchAll(/redis\.p?call\('(\w+)'/g)].map(([, command]) => command);
    for (const command of commands) expect(["HGET", "XRANGE"]).toContain(command);
  });
});

test("no part includes another, and every part is used", () => {
  const files = readdirSync(luaFolder);
  const parts = files.filter((file) => file.startsWith("_"));
  const texts = files
    .filter((file) => !file.startsWith("_"))
    .map((file) => readFileSync(`${luaFolder}${file}`, "utf8"));
  for (const part of parts) {
    expect(readFileSync(`${luaFolder}${part}`, "utf8")).not.toMatch(/^-- include:/m);
    expect(
      texts.some((text) => text.includes(`-- include: ${part}\n`)),
      part,
    ).toBe(true);
  }
});
