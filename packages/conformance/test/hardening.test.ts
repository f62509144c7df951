import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../src/rolling/line-process.ts";

/** The first release of protobufjs without any of the advisories that contracts.md lists. */
const FLOOR = [8, 7, 2] as const;

const wire = createRequire(path.join(ROOT, "packages/wire/package.json"));

function atLeastFloor(version: string): boolean {
  const parts = version.split(".").map(Number);
  const different = FLOOR.findIndex((part, at) => part !== parts[at]);
  return different === -1 || (parts[different] ?? 0) > (FLOOR[different] as number);
}

test("every protobufjs that is resolved, and the lowest that an adopter may get, is 8.7.2 or later", () => {
  const lock = readFileSync(path.join(ROOT, "pnpm-lock.yaml"), "utf8");
  const resolved = [...lock.matchAll(/^ {2}protobufjs@(\d+\.\d+\.\d+)/gm)].map(([, version]) => version ?? "");
  expect(resolved.length).toBeGreaterThan(0);
  expect(resolved.filter((version) => !atLeastFloor(version))).toEqual([]);
  const installed: { version: string } = JSON.parse(readFileSync(wire.resolve("protobufjs/package.json"), "utf8"));
  expect(atLeastFloor(installed.version), installed.version).toBe(true);
  // What the published package asks for: the catalog's range takes the place of `catalog:`.
  const catalog = readFileSync(path.join(ROOT, "pnpm-workspace.yaml"), "utf8");
  const [, range = ""] = /^ {2}protobufjs: \^([\d.]+)$/m.exec(catalog) ?? [];
  expect(atLeastFloor(range), range).toBe(true);
});

test("a version below the floor is seen as one", () => {
  expect(["8.7.1", "8.6.9", "7.9.9", "7.7.3", "0.9.9"].filter(atLeastFloor)).toEqual([]);
  expect(["8.7.2", "8.7.10", "8.8.0", "9.0.0", "10.1.0"].filter((version) => !atLeastFloor(version))).toEqual([]);
});

test("the runtimes use only the part of protobufjs that makes no code, and it works where none can be made", () => {
  for (const folder of ["packages/wire/src", "packages/cache-core/src", "contracts/src"]) {
    for (const name of readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      const text = readFileSync(path.join(ROOT, folder, name), "utf8");
      const imports = [...text.matchAll(/(?:from|import\(|require\()\s*["'](protobufjs[^"']*)["']/g)];
      expect(
        imports.map(([, module]) => module).filter((module) => !module?.startsWith("protobufjs/minimal")),
        `${folder}/${name}`,
      ).toEqual([]);
    }
  }
  const program = `
    const { Reader, Writer } = require(${JSON.stringify(wire.resolve("protobufjs/minimal"))});
    const bytes = Writer.create().uint32(10).string("Ada").uint32(16).int64(42).finish();
    const reader = Reader.create(bytes);
    reader.uint32();
    if (reader.string() !== "Ada") process.exit(2);
    try { eval("1"); process.exit(3); } catch {}
    if ("__proto__" in Object.prototype) process.exit(4);
    process.stdout.write(Buffer.from(bytes).toString("hex"));`;
  const flags = ["--disable-proto=delete", "--disallow-code-generation-from-strings"];
  expect(execFileSync(process.execPath, [...flags, "-e", program], { encoding: "utf8" })).toBe("0a03416461102a");
});
