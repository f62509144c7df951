import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { cachepact, PROTO, scratch, spawned } from "./scratch.ts";

describe("cachepact generate", () => {
  test("lists what it wrote, then that all is up to date", () => {
    const folder = scratch();
    expect(spawned(["generate"], folder)).toEqual({
      code: 0,
      stdout: `wrote contracts.lock.json
wrote python/shop/__init__.py
wrote python/shop/_shop_v1_codec.py
wrote python/shop/py.typed
wrote python/shop/shop_v1.py
wrote src/gen/index.ts
wrote src/gen/shop/v1/thing.codec.ts
wrote src/gen/shop/v1/thing.ts
`,
      stderr: "",
    });
    expect(spawned(["generate"], folder)).toEqual({ code: 0, stdout: "8 files are up to date\n", stderr: "" });
  });

  test("takes the configuration from anywhere, as a file or as its folder", async () => {
    const folder = scratch();
    expect((await cachepact("generate", "--config", path.join(folder, "cachepact.json"))).stdout).toContain(
      "wrote src/gen/index.ts\n",
    );
    expect((await cachepact("generate", "--config", folder)).stdout).toBe("8 files are up to date\n");
  });

  test("says which generated files it removed", async () => {
    const folder = scratch();
    await cachepact("generate", "--config", folder);
    rmSync(path.join(folder, "proto/shop"), { recursive: true });
    mkdirSync(path.join(folder, "proto/mall/v1"), { recursive: true });
    writeFileSync(path.join(folder, "proto/mall/v1/thing.proto"), PROTO.replace("shop.v1", "mall.v1"));
    expect((await cachepact("generate", "--config", folder)).stdout).toContain(
      "removed python/shop/_shop_v1_codec.py\nremoved python/shop/shop_v1.py\nremoved src/gen/shop/v1/thing.codec.ts\nremoved src/gen/shop/v1/thing.ts\n",
    );
  });

  test("--check passes on what was generated and fails on a drift, writing nothing", async () => {
    const folder = scratch();
    const missing = await cachepact("generate", "--check", "--config", folder);
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toMatch(/^E_GENERATED: generated files are out of date; run cachepact generate/);
    expect(existsSync(path.join(folder, "contracts.lock.json"))).toBe(false);
    await cachepact("generate", "--config", folder);
    expect(await cachepact("generate", "--check", "--config", folder)).toEqual({
      code: 0,
      stdout: "8 files are up to date\n",
      stderr: "",
    });
    const file = path.join(folder, "src/gen/shop/v1/thing.ts");
    const edited = readFileSync(file, "utf8").replace("60000", "60001");
    writeFileSync(file, edited);
    const drift = await cachepact("generate", "--check", "--config", folder);
    expect(drift).toMatchObject({ code: 1, stdout: "" });
    expect(drift.stderr.split("\n").slice(1)).toEqual([
      "  src/gen/shop/v1/thing.ts: differs from what its proto gives",
      "",
    ]);
    expect(readFileSync(file, "utf8")).toBe(edited);
  });

  test("reports every problem of a proto with its place, on stderr", async () => {
    const folder = scratch(PROTO.replace("string id = 1", "float id = 1").replace("ttl_ms: 60000", ""));
    const { code, stdout, stderr } = await cachepact("generate", "--config", folder);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^E_PROTO: the contract cannot be compiled, 3 problems\n/);
    expect(stderr).toContain("\n  proto/shop/v1/thing.proto:7: shop.v1.Thing: ttl_ms is missing; ");
    expect(stderr).toContain("\n  proto/shop/v1/thing.proto:15: shop.v1.Thing.id: float is refused, ");
    expect(stderr).not.toContain("    at ");
  });

  test("reports every problem of the configuration", async () => {
    const { code, stderr } = await cachepact("generate", "--config", scratch(PROTO, { protos: ["nowhere"] }));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^E_CONFIG: .*cachepact\.json is not a valid configuration\n {2}"protos\[0\]".*\n {2}"lock" is missing/,
    );
  });

  test("says where it looked when there is no configuration", async () => {
    const { code, stderr } = await cachepact("generate", "--config", "nowhere/cachepact.json");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^E_CONFIG: no configuration at .*nowhere\/cachepact\.json\n.*pass --config PATH\n$/);
  });
});

describe("cachepact", () => {
  test("prints its commands when called without any, and with --help", async () => {
    const { code, stdout, stderr } = await cachepact();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("Usage: cachepact [options] [command]");
    expect(stdout).toMatch(/generate \[options\] +compile the contract's protos/);
    expect(await cachepact("--help")).toEqual({ code, stdout, stderr });
  });

  test("explains a command with its options and exit code", async () => {
    const { code, stdout } = await cachepact("generate", "--help");
    expect(code).toBe(0);
    for (const text of ["--config <path>", '(default: "cachepact.json")', "--check", "Exit code:"])
      expect(stdout).toContain(text);
  });

  test("prints its version", async () => {
    const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(manifest).toMatchObject({ version: (await cachepact("--version")).stdout.trim() });
  });

  test.each([
    [["generat"], "E_OPTION: unknown command 'generat'"],
    [["generate", "--chekc"], "E_OPTION: unknown option '--chekc'"],
    [["generate", "--config"], "E_OPTION: option '--config <path>' argument missing"],
    [["generate", "extra"], "E_OPTION: too many arguments for 'generate'"],
  ])("refuses %j", async (args, message) => {
    const { code, stdout, stderr } = await cachepact(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.startsWith(message)).toBe(true);
    expect(stderr).toContain("cachepact --help");
  });
});
