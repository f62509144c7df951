import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { generate } from "@cachepact/compiler";
import type { CodecName } from "@cachepact/wire";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Reply, Request } from "../src/protocol.ts";
import { runConformance } from "../src/run.ts";
import { type ScratchContract, scratchContract } from "../src/scratch-contract.ts";
import { startTestee, TESTEES, type Testee } from "../src/testee.ts";
import { deepValue, foreignContract, MAX_LEVELS } from "./foreign-contract.ts";

// buf and two interpreters are processes: a loaded machine may take seconds to start one.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const CODECS: readonly CodecName[] = ["json", "msgpack", "protobuf"];
const PATHS = ["generated", "interpreter"] as const;

let contract: ScratchContract;
let testees: readonly Testee[] = [];

beforeAll(async () => {
  contract = await foreignContract();
  testees = await Promise.all(TESTEES.map((name) => startTestee(name, { contracts: contract.config })));
});
afterAll(async () => {
  await Promise.all(testees.map((testee) => testee.close()));
  contract.close();
});

/** What every testee says, on both paths; all must say the same. */
async function agreed(request: Request): Promise<Reply> {
  const replies = await Promise.all(
    testees.flatMap((testee) => PATHS.map((way) => testee.ask({ ...request, path: way }))),
  );
  const [first, ...others] = replies.map((reply) => ("error" in reply ? { error: { code: reply.error.code } } : reply));
  for (const other of others) expect(other).toEqual(first);
  return replies[0] as Reply;
}

async function roundTrip(message: string, value: unknown, expected: unknown): Promise<void> {
  for (const codec of CODECS) {
    const encoded = await agreed({ op: "value.encode", message, codec, value });
    expect(encoded, codec).toHaveProperty("ok.hex");
    const { hex } = (encoded as { ok: { hex: string } }).ok;
    for (const mode of ["strict", "lenient"]) {
      expect(await agreed({ op: "value.decode", message, codec, mode, hex })).toEqual({ ok: { value: expected } });
    }
  }
}

describe("a contract folder outside the repository", () => {
  test("passes the runner: golden entries that it does not have, and values of every entity", async () => {
    const reports = await runConformance({
      testees: TESTEES,
      contracts: contract.config,
      suites: ["golden", "round-trips"],
      size: { cases: 5, seed: 4 },
    });
    // Five entities by three codecs.
    const all = { passed: 15, failed: 0, skipped: 0, known: 0, restarts: 0, failures: [], skips: [] };
    expect(reports).toEqual(TESTEES.map((testee) => ({ testee, ...all })));
  });

  test("keys of maps that are prefixes of each other have one order in every language", async () => {
    const keys = ["b", "a\u0000", "abc", "", "ab", "a", "x", "a\u0000b", "é", "éa", "\ufb33", "😀", "😀a", "aé"];
    const sorted = ["", "a", "a\u0000", "a\u0000b", "ab", "abc", "aé", "b", "x", "é", "éa", "😀", "😀a", "\ufb33"];
    const pairs = (names: readonly string[]): unknown => names.map((name) => [name, `of ${name}`]);
    await roundTrip("far.away.v1.Plain", { id: "1", names: pairs(keys) }, { id: "1", names: pairs(sorted) });
    const weights = (names: readonly string[]): unknown => names.map((name) => [name, name.length]);
    await roundTrip("far.away.v1.Behind", { id: "x", weights: weights(keys) }, { id: "x", weights: weights(sorted) });
  });

  test("32 levels are written and read, 33 are not", async () => {
    await roundTrip("far.away.v1.Deepest", deepValue(MAX_LEVELS), deepValue(MAX_LEVELS));
    await roundTrip("far.away.v1.Deeper", deepValue(MAX_LEVELS, {}), deepValue(MAX_LEVELS, {}));
    for (const codec of CODECS) {
      const request = { op: "value.encode", message: "far.away.v1.Deeper", codec, value: deepValue(MAX_LEVELS + 1) };
      expect(await agreed(request)).toMatchObject({ error: { code: "E_DEPTH" } });
    }
  });

  test("names that some language uses itself are names like any other", async () => {
    const named = { class: "a", constructor: "b", native: true, f64: "c" };
    const value = { needed: [1, 0], ...named };
    const encoded = await agreed({ op: "value.encode", entity: "everything", codec: "json", value });
    const { hex } = (encoded as { ok: { hex: string } }).ok;
    expect(JSON.parse(Buffer.from(hex, "hex").toString())).toMatchObject(named);
    expect(
      await agreed({ op: "value.decode", entity: "everything", codec: "json", mode: "strict", hex }),
    ).toMatchObject({
      ok: { value: named },
    });
  });

  test("every part of its keys is built and parsed", async () => {
    const key = { tenant: "a:b", id: "-1", flag: true, token: "secret" };
    const built = await agreed({ op: "key.build", entity: "everything", namespace: "acme", key });
    expect(built).toMatchObject({
      ok: { value: expect.stringMatching(/^acme:everything:\{a%3Ab\}:all:-1:true:/) as unknown },
    });
    const behind = { op: "key.build", message: "far.away.v1.Behind", key: { id: "é" } };
    const { value, log } = ((await agreed(behind)) as { ok: { value: string; log: { tag: string } } }).ok;
    expect(value).toBe(`behind@3:${log.tag}:%C3%A9`);
    expect(await agreed({ op: "key.parse", message: "far.away.v1.Behind", text: value })).toEqual({
      ok: { key: { id: "é" } },
    });
  });
});

describe.each(TESTEES)("the testee of %s", (name) => {
  const asks = async (config: string, requests: readonly Request[]): Promise<readonly Reply[]> => {
    const testee = await startTestee(name, { contracts: config });
    onTestFinished(() => testee.close());
    return testee.askAll(requests);
  };
  const encode = { op: "value.encode", message: "far.away.v1.Plain", value: { id: "1" } };
  const json = (reply: Reply | undefined): string =>
    Buffer.from((reply as { ok: { hex: string } }).ok.hex, "hex").toString();

  test("loads a folder wherever it lies: below node_modules, below a package of CommonJS, with a space in its name", async () => {
    const home = mkdtempSync(path.join(tmpdir(), "cachepact odd-"));
    onTestFinished(() => rmSync(home, { recursive: true }));
    const dir = path.join(home, "node_modules/some where");
    mkdirSync(dir, { recursive: true });
    writeFileSync(path.join(home, "package.json"), '{ "type": "commonjs" }');
    cpSync(contract.folder, path.join(dir, "odd"), { recursive: true });
    expect(json((await asks(path.join(dir, "odd"), [encode]))[0])).toBe('{"id":1,"names":{}}');
    // Nothing was left in somebody else's folder.
    const files = readdirSync(home, { recursive: true, encoding: "utf8" });
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => file.includes("__pycache__"))).toEqual([]);
  });

  test("holds two folders with packages of one name apart", async () => {
    const proto = (field: string): Readonly<Record<string, string>> => ({
      "far/away/v1/plain.proto": `syntax = "proto3"; package far.away.v1; import "cachepact/v1/options.proto";
        message Plain { option (cachepact.v1.entry) = { key: "plain:{id}" codec: CODEC_JSON framing: FRAMING_FRAMED ttl_ms: 1 };
        string id = 1; ${field} }`,
    });
    const [one, two] = [
      await scratchContract({ protos: proto("string colour = 2;") }),
      await scratchContract({ protos: proto("bool color = 3;") }),
    ];
    onTestFinished(() => [one, two].forEach((each) => each.close()));
    const hello = (config: string): Request => ({ op: "hello", protocol: 1, contracts: config });
    const replies = await asks(one.config, [encode, hello(two.config), encode, hello(one.folder), encode]);
    expect([0, 2, 4].map((at) => json(replies[at]))).toEqual([
      '{"colour":"","id":"1"}',
      '{"color":false,"id":"1"}',
      '{"colour":"","id":"1"}',
    ]);
  });

  test("loads a folder that was generated anew", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "cachepact-anew-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    cpSync(contract.folder, folder, { recursive: true });
    const testee = await startTestee(name, { contracts: folder });
    onTestFinished(() => testee.close());
    const proto = path.join(folder, "proto/far/away/v1/others.proto");
    writeFileSync(proto, readFileSync(proto, "utf8").replace("names = 2;", "names = 2;\n  bool added = 3;"));
    await generate(folder);
    expect(json(await testee.ask(encode))).toBe('{"id":1,"names":{}}');
    expect(await testee.ask({ op: "hello", protocol: 1, contracts: folder })).toHaveProperty("ok");
    expect(json(await testee.ask(encode))).toBe('{"added":false,"id":1,"names":{}}');
  });

  test("works from the lock alone when the configuration names no output for its language", async () => {
    const config = path.join(contract.folder, "bare.json");
    writeFileSync(config, JSON.stringify({ protos: ["proto"], lock: "contracts.lock.json" }));
    expect(json((await asks(config, [encode]))[0])).toBe('{"id":1,"names":{}}');
  });

  test("refuses code that is not that of the lock, and code that is not there", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "cachepact-stale-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    cpSync(contract.folder, folder, { recursive: true });
    const lock = path.join(folder, "contracts.lock.json");
    const was = readFileSync(lock, "utf8");
    const testee = await startTestee(name, { contracts: contract.config });
    onTestFinished(() => testee.close());
    const refused = async (): Promise<void> => {
      const reply = await testee.ask({ op: "hello", protocol: 1, contracts: folder });
      expect(reply).toMatchObject({ error: { code: "E_GENERATED" } });
    };
    for (const text of [
      JSON.stringify({ format: 1, entities: {} }),
      was.replace(/"fingerprint":"\w+"/, '"fingerprint":"00000000"'),
      was.replace('"format":1', '"format":2'),
      "{",
    ]) {
      expect(text).not.toBe(was);
      writeFileSync(lock, text);
      await refused();
    }
    writeFileSync(lock, was);
    rmSync(path.join(folder, "src"), { recursive: true });
    rmSync(path.join(folder, "python"), { recursive: true });
    await refused();
  });
});
