import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { describe, expect, onTestFinished, test, vi } from "vitest";

import { type CheckReport, check, generate, snapshot } from "../src/index.ts";
import { entity, snapshot as filesOf, put, refusal, scratch } from "./scratch-contract.ts";

const CONFIG = { protos: ["proto"], lock: "contracts.lock.json", history: "history" };
const THING = "proto/shop/v1/thing.proto";

/** An entity that buf lint has nothing against: its file imports what it uses. */
function thing(fields: string, option: Readonly<Record<string, string>> = {}): string {
  return entity(fields, option).replace('import "google/protobuf/timestamp.proto";\n', "");
}

/** A generated contract, with a release unless `name` is empty. */
async function contract(proto: string, name = "1.0.0"): Promise<string> {
  const folder = scratch({ [THING]: proto }, CONFIG);
  await generate(folder);
  if (name !== "") await snapshot(folder, { release: name, now: new Date("2026-01-01T00:00:00Z") });
  return folder;
}

function rules({ findings }: CheckReport): readonly string[] {
  return findings.map(({ rule, file, line }) => `${rule} ${file}:${line}`);
}

describe("check", () => {
  test("reports every step at once, refusals in the order of files and lines, and writes nothing", async () => {
    const folder = await contract(thing("  string id = 1;\n  int32 size = 2;"));
    put(folder, {
      [THING]: thing("  string id = 1;\n  int64 size = 2;", { key: '"thing:all:{id}"', ttl_ms: "600000" }),
      "proto/shop/v1/Color.proto":
        'syntax = "proto3";\n\npackage shop.v1;\n\nenum Color {\n  COLOR_UNSPECIFIED = 0;\n}\n',
    });
    const before = filesOf(folder);
    const report = await check(folder);
    expect(report).toMatchObject({ ok: false, entities: 1, releases: ["1.0.0"], notes: [] });
    expect(rules(report)).toEqual([
      "generated contracts.lock.json:1",
      "lint proto/shop/v1/Color.proto:1",
      "key proto/shop/v1/thing.proto:6",
      "field-type proto/shop/v1/thing.proto:9",
      "lifetime proto/shop/v1/thing.proto:6",
    ]);
    expect(filesOf(folder)).toEqual(before);
  });

  test("reports what the profile refuses beside what buf lint does, and says that nothing else was compared", async () => {
    const folder = await contract(thing("  string id = 1;\n  int32 size = 2;"));
    put(folder, {
      [THING]: thing("  string id = 1;\n  float size = 2;").replace("package shop.v1;", "package mall.v1;"),
    });
    const report = await check(folder);
    expect(report).toMatchObject({ ok: false, entities: 0 });
    expect(rules(report)).toEqual(["lint proto/shop/v1/thing.proto:3", "proto proto/shop/v1/thing.proto:9"]);
    expect(report.findings[1]).toMatchObject({
      code: "E_PROTO",
      entity: null,
      change: "mall.v1.Thing.size: float is refused, its text differs between languages",
      instead: "use double",
    });
  });

  test("reports text that is no proto", async () => {
    const folder = await contract(thing("  string id = 1;"));
    put(folder, { [THING]: "syntax = proto3;\n" });
    const report = await check(folder);
    expect(report).toMatchObject({ ok: false, entities: 0, releases: ["1.0.0"] });
    expect(rules(report)[0]).toBe("proto proto/shop/v1/thing.proto:1");
  });

  test("a comment sets a rule of buf lint aside, for that line", async () => {
    const values = (comment: string): string => `\nenum Color {\n  COLOR_UNSPECIFIED = 0;\n${comment}  RED = 1;\n}\n`;
    const proto = (comment: string): string => thing("  string id = 1;\n  Color color = 2;") + values(comment);
    const folder = await contract(proto(""), "");
    expect(rules(await check(folder))).toEqual(["lint proto/shop/v1/thing.proto:14"]);
    put(folder, { [THING]: proto("  // buf:lint:ignore ENUM_VALUE_PREFIX\n  // Naive clients know this name.\n") });
    expect(await check(folder)).toMatchObject({ ok: true, findings: [] });
  });

  test("does not demand comments, and has nothing against Google's files or our options", async () => {
    const folder = await contract(entity("  string id = 1;\n  google.protobuf.Timestamp at = 2;"), "");
    expect(await check(folder)).toMatchObject({
      ok: true,
      findings: [],
      notes: ["nothing is released yet: history holds no snapshot; cachepact snapshot makes the first one"],
    });
  });

  test("buf's breaking rules hold what no entity is made of as well", async () => {
    const stranger = (field: string): string => `${thing("  string id = 1;")}\nmessage Stranger {\n  ${field}\n}\n`;
    const folder = await contract(stranger("string text = 1;"));
    put(folder, { [THING]: stranger("int32 text = 1;") });
    await generate(folder);
    const report = await check(folder);
    expect(rules(report)).toEqual(["buf-breaking proto/shop/v1/thing.proto:12"]);
    expect(report.findings[0]?.change).toContain("(buf breaking, FIELD_WIRE_JSON_COMPATIBLE_TYPE)");
  });

  test("compares with every release of a generation, not with the last alone", async () => {
    const folder = await contract(thing("  string id = 1;\n  string old = 2 [deprecated = true];"));
    const without = thing('  reserved 2;\n  reserved "old";\n  string id = 1;');
    put(folder, { [THING]: without });
    await generate(folder);
    await snapshot(folder, { release: "1.1.0", now: new Date("2026-01-02T00:00:00Z") });
    put(folder, { [THING]: without.replace("  reserved 2;\n", "  int32 fresh = 2;\n") });
    await generate(folder);
    const { findings } = await check(folder);
    expect(findings.find(({ rule }) => rule === "number-reused")?.change).toBe(
      "number 2 of old (string) was given to fresh (int32) (as released in 1.0.0)",
    );
  });

  test("takes any name for an entity's own", async () => {
    const folder = await contract(thing("  string id = 1;"));
    const constructor = thing("  string id = 1;", { key: '"constructor:{id}"' }).replace(
      "message Thing",
      "message Other",
    );
    put(folder, { "proto/shop/v1/other.proto": constructor });
    await generate(folder);
    expect(await check(folder)).toMatchObject({ ok: true, findings: [], entities: 2 });
  });

  test("refuses a file where the history's folder should be", async () => {
    const folder = await contract(thing("  string id = 1;"), "");
    put(folder, { history: "" });
    expect((await refusal(() => check(folder))).message).toMatch(
      /^E_CONFIG: the history cannot be read\n {2}history: is a file/,
    );
  });

  test("E_CONFIG is thrown: without a configuration or without buf nothing can be said", async () => {
    const folder = await contract(thing("  string id = 1;"));
    expect((await refusal(() => check(path.join(folder, "nowhere.json")))).code).toBe("E_CONFIG");
    vi.stubEnv("TMPDIR", path.join(folder, "nowhere"));
    onTestFinished(() => void vi.unstubAllEnvs());
    expect((await refusal(() => check(folder))).code).toBe("E_CONFIG");
  });

  test("output that was not generated is never taken for outdated output", async () => {
    const folder = await contract(thing("  string id = 1;"));
    writeFileSync(path.join(folder, "contracts.lock.json"), "mine\n");
    expect((await refusal(() => check(folder))).code).toBe("E_CONFIG");
    expect(readFileSync(path.join(folder, "contracts.lock.json"), "utf8")).toBe("mine\n");
  });
});
