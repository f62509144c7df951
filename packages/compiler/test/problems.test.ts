import { describe, expect, test } from "vitest";

import { compileText, entity, HEAD, refusal } from "./scratch-contract.ts";

const ID = "  string id = 1;";

async function problemsOf(text: string): Promise<readonly string[]> {
  const error = await refusal(() => compileText(text));
  expect(error.code).toBe("E_PROTO");
  return error.problems;
}

describe("entities are refused", () => {
  const other = (option: string): string =>
    `message Other {\n  option (cachepact.v1.entry) = { codec: CODEC_JSON framing: FRAMING_FRAMED ttl_ms: 1 ${option} };\n  string id = 1;\n}\n`;

  test("when two have one name", async () => {
    expect(await problemsOf(entity(ID) + other('key: "thing:{id}" generation: 2'))).toEqual([
      'proto/shop/v1/thing.proto:11: shop.v1.Other: entity "thing" is declared by shop.v1.Thing already; choose another name',
    ]);
  });

  test("when two share a log", async () => {
    expect(await problemsOf(entity(ID, { log: '"l"' }) + other('key: "other:{id}" log: "l"'))).toEqual([
      'proto/shop/v1/thing.proto:11: shop.v1.Other: log "l" belongs to shop.v1.Thing; give each entity a log of its own',
    ]);
  });

  test("when one is nested in another message", async () => {
    const text = `${HEAD}message Outer {\n${other('key: "other:{id}"')}}\n`;
    expect(await problemsOf(text)).toEqual([
      "proto/shop/v1/thing.proto:8: shop.v1.Outer.Other: an entity is a top-level message, generated code is named after it; move it out",
    ]);
  });

  test("when there are none", async () => {
    expect(await problemsOf(`${HEAD}message Thing { string id = 1; }\n`)).toEqual([
      "proto/shop/v1/thing.proto:1: no message carries the (cachepact.v1.entry) option; add it to one",
    ]);
  });
});

describe("problems", () => {
  test("of a schema that explodes when its messages are inlined", async () => {
    const levels = Array.from({ length: 20 }, (_, n) => `message L${n} { L${n + 1} a = 1; L${n + 1} b = 2; }`);
    const problems = await problemsOf(
      `${entity(`${ID}\n  L0 l = 2;`)}${levels.join("\n")}\nmessage L20 { string x = 1; }`,
    );
    expect(problems.join("\n")).toContain("shop.v1.Thing: its schema has more than 10000 fields");
  });

  test("of a group, and everything else that is not proto3", async () => {
    const text = entity("  optional string id = 1;\n  repeated group Item = 2 { optional string a = 1; }").replace(
      "proto3",
      "proto2",
    );
    expect((await problemsOf(text)).join("\n")).toMatch(
      /shop\.v1\.Thing: its file is not proto3; begin the file with syntax = "proto3"/,
    );
  });

  test("are reported all at once, in the order of lines, each once", async () => {
    const text = `${entity('  float f = 2;\n  Inner a = 3;\n  Inner b = 4;\n  string id = 1 [json_name = "x"];', { ttl_ms: "", l1: "true", log: '"A"' })}message Inner { fixed32 x = 1; }\n`;
    const error = await refusal(() => compileText(text));
    expect(error.problems.map((problem) => /^[^:]+:(\d+): ([\w.]+): (\S+)/.exec(problem)?.slice(1))).toEqual([
      ["7", "shop.v1.Thing", "l1"],
      ["7", "shop.v1.Thing", "log"],
      ["7", "shop.v1.Thing", "ttl_ms"],
      ["9", "shop.v1.Thing.f", "float"],
      ["12", "shop.v1.Thing.id", "json_name"],
      ["14", "shop.v1.Inner.x", "fixed32"],
    ]);
    expect(error.message).toMatch(/^E_PROTO: the contract cannot be compiled, 6 problems\n {2}proto\//);
  });

  test("that buf finds name the file as the user knows it, and all of them", async () => {
    const problems = await problemsOf(
      `${HEAD}message A {\n  Missing a = 1;\n  int32 b = 1;\n  int32 c = 3 [jstype = JS_NUMBER];\n}\n`,
    );
    expect(problems.map((problem) => problem.slice(0, "proto/shop/v1/thing.proto:8".length))).toEqual([
      "proto/shop/v1/thing.proto:8",
      "proto/shop/v1/thing.proto:9",
      "proto/shop/v1/thing.proto:1",
    ]);
    expect(problems[0]).toContain("Missing");
  });

  test("of syntax and of imports are E_PROTO as well", async () => {
    expect((await problemsOf('syntax = "proto3";\nmessage {'))[0]).toMatch(/^proto\/shop\/v1\/thing\.proto:2: /);
    expect((await problemsOf('syntax = "proto3";\nimport "nowhere.proto";'))[0]).toContain(
      "imported file does not exist",
    );
  });
});
