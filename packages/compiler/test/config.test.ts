import path from "node:path";

import { describe, expect, test } from "vitest";

import { loadConfig } from "../src/index.ts";
import { ALL_OUTPUTS, refusal, scratch } from "./scratch-contract.ts";

const PROTO = { "proto/a.proto": "" };

async function problemsOf(
  config: unknown,
  files: Readonly<Record<string, string>> = PROTO,
): Promise<readonly string[]> {
  const folder = scratch(files, config);
  const error = await refusal(() => loadConfig(folder));
  expect(error.code).toBe("E_CONFIG");
  return error.problems;
}

describe("configuration", () => {
  test("resolves every path from its own folder", () => {
    const folder = scratch(PROTO, { ...(ALL_OUTPUTS as object), history: "history" });
    const config = loadConfig(path.join(folder, "cachepact.json"));
    expect(config).toEqual({
      file: path.join(config.folder, "cachepact.json"),
      folder: expect.stringContaining(path.basename(folder)),
      protos: [path.join(config.folder, "proto")],
      lock: path.join(config.folder, "contracts.lock.json"),
      history: path.join(config.folder, "history"),
      typescript: { out: path.join(config.folder, "src/gen") },
      python: { out: path.join(config.folder, "python/shop_contracts") },
    });
  });

  test("is found in a folder, and the outputs are optional", () => {
    expect(loadConfig(scratch(PROTO, { protos: ["proto"], lock: "lock.json" }))).toMatchObject({
      history: undefined,
      typescript: undefined,
      python: undefined,
    });
  });

  test("lists every problem at once", async () => {
    const problems = await problemsOf({
      protos: ["nowhere", 7],
      lokc: "lock.json",
      history: "",
      typescript: { out: "src/gen", output: "x" },
      python: "python",
    });
    expect(problems).toEqual([
      'unknown key "lokc"; known are protos, lock, history, typescript, python',
      '"protos[0]": there is no folder nowhere; create it or correct the path',
      '"protos[1]" must be a path relative to the configuration, found 7',
      '"lock" is missing; name the lock file, such as "contracts.lock.json"',
      '"history" must be a path relative to the configuration, found ""',
      'unknown key "typescript.output"; only "out" is known',
      '"python" must be { "out": folder }, found "python"',
    ]);
  });

  test.each([
    ["no protos", { protos: undefined }, '"protos" must list at least one folder of .proto files, found nothing'],
    ["no list of protos", { protos: "proto" }, '"protos" must list at least one folder of .proto files, found "proto"'],
    ["an empty list of protos", { protos: [] }, '"protos" must list at least one folder of .proto files, found []'],
    ["a proto folder twice", { protos: ["proto", "proto/."] }, '"protos[1]": proto and proto hold the same files'],
    ["a proto folder in another", { protos: ["proto", "."] }, '"protos[1]": . and proto hold the same files'],
    ["an output without a folder", { typescript: {} }, '"typescript.out" is missing'],
    [
      "an output around the configuration",
      { typescript: { out: ".." } },
      '"typescript.out" is a folder around the config',
    ],
    [
      "an output that holds the protos",
      { python: { out: "proto" } },
      '"python.out" is or holds the folder of "protos[0]"',
    ],
    [
      "an output that holds the other",
      { typescript: { out: "a" }, python: { out: "a/b" } },
      'holds the folder of "python.out"',
    ],
    ["an output that holds the history", { python: { out: "a" }, history: "a/b" }, 'holds the folder of "history"'],
  ])("refuses %s", async (_, config, found) => {
    const problems = await problemsOf({ protos: ["proto"], lock: "lock.json", ...config });
    expect(problems).toContainEqual(expect.stringContaining(found));
  });

  test("refuses what is not JSON, or not an object, or not there", async () => {
    expect((await refusal(() => loadConfig(scratch({}, '{"protos": ['))))?.message).toMatch(
      /^E_CONFIG: .* is not readable JSON/,
    );
    expect((await refusal(() => loadConfig(scratch({}, "[]"))))?.message).toMatch(/^E_CONFIG: .* is not a JSON object/);
    expect((await refusal(() => loadConfig(path.join(scratch({}), "nowhere.json"))))?.message).toMatch(
      /^E_CONFIG: no configuration at .*nowhere\.json\n.*pass --config PATH/,
    );
  });
});
