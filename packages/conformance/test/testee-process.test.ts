import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, test, vi } from "vitest";
import { REPOSITORY } from "../src/testee.ts";

vi.setConfig({ testTimeout: 60_000 });

interface Run {
  readonly replies: readonly unknown[];
  readonly status: number | null;
}

/** Starts a testee by hand, without any variable of the environment. */
function run(name: string, input: string | Uint8Array, cwd = REPOSITORY): Run {
  const file = path.join(REPOSITORY, "packages/conformance/testees", name);
  const { stdout, status, error } = spawnSync(cwd === REPOSITORY ? `packages/conformance/testees/${name}` : file, {
    cwd,
    env: {},
    input,
  });
  if (error !== undefined) throw error;
  const lines = stdout.toString("utf8").split("\n");
  expect(lines.pop()).toBe("");
  return { replies: lines.map((line): unknown => JSON.parse(line)), status };
}

const HELLO = '{"id":0,"op":"hello","protocol":1,"contracts":"contracts/cachepact.json"}\n';

describe.each(["typescript", "python"])("the executable of %s", (name) => {
  test("starts from the repository's root without arguments, PATH or any other variable", () => {
    const { replies, status } = run(name, `${HELLO}{"id":1,"op":"bye"}\n{"id":2,"op":"key.slot","key":"a"}\n`);
    expect(replies).toEqual([
      { id: 0, ok: expect.objectContaining({ impl: name }) as unknown },
      { id: 1, ok: {} },
    ]);
    expect(status).toBe(0);
  });

  test("starts from any folder", () => {
    const hello = HELLO.replace("contracts/", `${REPOSITORY}contracts/`);
    expect(run(name, hello, "/").replies).toEqual([{ id: 0, ok: expect.anything() as unknown }]);
  });

  test("ends when its input ends, also in the middle of a line", () => {
    expect(run(name, "")).toEqual({ replies: [], status: 0 });
    const cut = run(name, `${HELLO}{"id":1,"op":"key.sl`);
    expect(cut.replies).toHaveLength(2);
    expect(cut.replies[1]).toMatchObject({ id: null, error: { code: "bad_request" } });
    expect(cut.status).toBe(0);
  });

  test("has an answer to every line, whatever it holds", () => {
    const lines: (string | Uint8Array)[] = [
      "",
      " ",
      "null",
      "[]",
      "42",
      '"text"',
      "{",
      "nonsense",
      "{}",
      '{"op":"bye"}',
      '{"id":"1","op":"bye"}',
      '{"id":1.5,"op":"bye"}',
      '{"id":1}',
      '{"id":1,"op":null}',
      "[".repeat(200_000),
      `{"id":1,"op":5,"more":${"9".repeat(6000)}}`,
      Uint8Array.of(0x7b, 0xff, 0x7d),
      '\uFEFF{"id":1,"op":"key.slot","key":"a"}',
    ];
    const input = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from("\n")]));
    const { replies, status } = run(name, input);
    expect(replies).toHaveLength(lines.length);
    for (const reply of replies) expect(reply).toMatchObject({ error: { code: "bad_request" } });
    expect(status).toBe(0);
  });

  test("has an answer to requests before hello, and to values that are deep or long", () => {
    const deep = `${"[".repeat(400)}${"]".repeat(400)}`;
    const request = (id: number, value: string): string =>
      `{"id":${id},"op":"value.encode","entity":"user","value":${value}}\n`;
    const { replies } = run(
      name,
      [
        request(1, "{}"),
        HELLO,
        request(2, `{"id":{"native":${deep}}}`),
        request(3, `{"roles":${deep}}`),
        request(4, `{"id":"${"9".repeat(6000)}","created_at":[0,0]}`),
      ].join(""),
    );
    expect(replies).toMatchObject([
      { id: 1, error: { code: "bad_request" } },
      { id: 0, ok: {} },
      { id: 2, error: { code: expect.stringMatching(/^E_(TYPE|MISSING)$/) as unknown } },
      { id: 3, error: { code: "bad_request" } },
      { id: 4, error: { code: "E_RANGE" } },
    ]);
  });

  test("takes U+2028 for text, and hands it out as such", () => {
    const value = '{"name":"a\u2028b","id":"1","created_at":[0,0]}';
    const encode = `{"id":1,"op":"value.encode","entity":"user","codec":"json","value":${value}}\n`;
    const [, encoded] = run(name, HELLO + encode).replies as [unknown, { ok: { hex: string } }];
    expect(Buffer.from(encoded.ok.hex, "hex").toString()).toContain('"name":"a\u2028b"');
    const decode = `{"id":2,"op":"value.decode","entity":"user","codec":"json","hex":"${encoded.ok.hex}"}\n`;
    expect(run(name, HELLO + decode).replies[1]).toMatchObject({ ok: { value: { name: "a\u2028b" } } });
  });
});
