import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type CodecName,
  codecs,
  decodeEntry,
  decodeFrame,
  defineEntity,
  encodeFrame,
  entryKeys,
  errors,
  MAX_KEY_BYTES,
  scripts,
  slot,
} from "@cachepact/wire";
import { fromNeutral, keyFromNeutral, type Neutral, type NeutralMembers } from "@cachepact/wire/testing";
import canonicalize from "canonicalize";
import { describe, expect, test } from "vitest";
import { entities, entityRecord, hex, unhex } from "./fixture.ts";

const file = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
const spec = readFileSync(file("SPEC.md"), "utf8");

/** The text of a section, from its heading to the next. */
function section(title: string): string {
  const start = spec.indexOf(`\n${title}\n`);
  if (start === -1) throw new Error(`SPEC.md has no section ${title}`);
  const level = title.slice(0, title.indexOf(" "));
  const rest = spec.slice(start + title.length + 1);
  const end = rest.search(new RegExp(`^#{2,${level.length}} `, "m"));
  return end === -1 ? rest : rest.slice(0, end);
}

/** The rows of the table whose head begins with `first`, each cell without its back-quotes. */
function table(text: string, first: string): readonly (readonly string[])[] {
  const lines = text.split("\n");
  const head = lines.findIndex((line) => line.startsWith("|") && cells(line)[0] === first);
  if (head === -1) throw new Error(`no table of ${first}`);
  const rest = lines.slice(head + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end === -1 ? undefined : end).map(cells);
}

function cells(line: string): readonly string[] {
  const inner = line.replaceAll("\\|", "\u0000").split("|").slice(1, -1);
  return inner.map((cell) => cell.trim().replaceAll("\u0000", "|").replaceAll("`", ""));
}

describe("the examples of SPEC", () => {
  test.each(table(section("## 2. Keys"), "entity"))("key of %s, %s", (entity, template, namespace, parameters, key) => {
    const record = entityRecord(entity);
    const segments = record.key.map((segment) => {
      if ("literal" in segment) return segment.literal;
      return segment.hash_tag === true ? `{{${segment.param}}}` : `{${segment.param}}`;
    });
    expect([record.entity, ...segments].join(":")).toBe(template);
    const params = keyFromNeutral(record, JSON.parse(parameters ?? "") as NeutralMembers);
    expect(entryKeys(record, namespace ?? "", params).value).toBe(key);
  });

  test("CRC16", () => {
    const [, of, value] = /of `(\d+)` it is (\w{4})/.exec(section("## 2. Keys")) ?? [];
    expect(slot(of ?? "")).toBe(Number.parseInt(value ?? "", 16) % 16_384);
  });

  test("frame", () => {
    const text = section("## 3. Frame");
    const [, fingerprint, staleAtMs, version, bytes] =
      /fingerprint (\w+), stale_at (\d+), version (\d+): `([\w ]+)`/.exec(text) ?? [];
    const header = {
      codec: 2,
      ascii: true,
      fingerprint: Number.parseInt(fingerprint ?? "", 16),
      staleAtMs: Number(staleAtMs),
      version: Number(version),
    } as const;
    expect(hex(encodeFrame(header, new Uint8Array(0)))).toBe(bytes?.replaceAll(" ", ""));
  });

  test.each<readonly [string, string]>([
    ["E_TRUNCATED", ""],
    ["E_TRUNCATED", "c1ca"],
    ["E_MAGIC", "c1c1090801000000000000000000000000"],
    ["E_FRAME_VERSION", "c1ca0a0801000000000000000000000000"],
    ["E_TRUNCATED", "c1ca09080100"],
    ["E_FLAGS", "c1ca0908010100000000000000000000"],
    ["E_COMPRESSION", "c1ca0908110000000000000000000000"],
    ["E_CODEC", "c1ca0908050000000000000000000000"],
    ["E_RANGE", "c1ca090c0110000000000000000000000020000000000000"],
    ["E_TRAILING", "c1ca090800800000000000000000000000"],
  ])("%s is in the table of what a frame is refused for, and is what %s gives", (code, bytes) => {
    expect(table(section("## 3. Frame"), "found").map(([, each]) => each)).toContain(code);
    expect(() => decodeFrame(unhex(bytes))).toThrow(expect.objectContaining({ code }));
  });

  test.each(table(section("### 4.1 JSON"), "double"))("the double %s is the text %s", (bytes, text) => {
    const { schema } = entityRecord("all-types");
    const json = codecs.json.encode(schema, fromNeutral(schema, { id: "1", ratio: { f64: bytes ?? "" } }));
    expect(Buffer.from(json).toString()).toContain(`"ratio":${text},`);
  });

  const samples = (["msgpack", "protobuf"] as const).flatMap((codec) => {
    const title = codec === "msgpack" ? "### 4.2 MessagePack" : "### 4.3 Protobuf";
    return table(section(title), "field of all-types").map(
      ([field, value, bytes]) => [codec, field, value, bytes] as const,
    );
  });

  test.each(samples)("%s of %s = %s is %s", (codec, field, value, bytes) => {
    const { schema } = entityRecord("all-types");
    const encode = (members: NeutralMembers, with_: CodecName = codec): string =>
      hex(codecs[with_].encode(schema, fromNeutral(schema, members)));
    const encoded = encode({ id: "1", [field ?? ""]: JSON.parse(value ?? "") as Neutral });
    const name = hex(Buffer.from(field ?? ""));
    expect(bytes).not.toBe("");
    expect(encoded).toContain(codec === "msgpack" ? `${name}${bytes}` : `0801${bytes}`);
    // Without the field the bytes are others: the example is what makes the difference.
    expect(encode({ id: "1" })).not.toBe(encoded);
  });

  test.each(table(section("## 5. Entries: framed and plain"), "entry of banner"))("the entry %s", (entry, reading) => {
    const found = decodeEntry(defineEntity<object, object>(entityRecord("banner")), Buffer.from(entry ?? ""), {});
    expect(found.value === null).toBe(reading?.startsWith("not found"));
    expect(found.foreign).toBe(reading?.includes("foreign"));
  });

  test("fingerprint", () => {
    const text = section("## 7. Fingerprint");
    const [, ir = ""] = /```json\n(.*)\n```/.exec(text) ?? [];
    const [, digest, fingerprint] = /SHA-256 `(\w+)`: fingerprint `(\w+)`/.exec(text) ?? [];
    expect(canonicalize(JSON.parse(ir))).toBe(ir);
    expect(createHash("sha256").update(ir).digest("hex")).toBe(digest);
    expect(digest?.slice(0, 8)).toBe(fingerprint);
    const { codec, generation, schema, ...record } = entityRecord("user-by-name");
    const fields = schema.fields.map(({ name, number, presence, type }) => ({ name, number, presence, type }));
    expect(JSON.parse(ir)).toEqual({ ir: 1, codec, generation, message: schema.message, fields });
    expect(record.fingerprint).toBe(fingerprint);
  });
});

describe("the lists of SPEC", () => {
  test("errors are those of the vocabulary, with their meaning", () => {
    const rows = table(section("## 20. Errors"), "code");
    expect(rows.map(([code]) => code)).toEqual(Object.keys(errors));
    const vocabulary = JSON.parse(readFileSync(file("vocabulary/errors.json"), "utf8")) as {
      readonly errors: readonly { readonly code: string; readonly meaning: string }[];
    };
    for (const { code, meaning } of vocabulary.errors) {
      expect(rows.find(([each]) => each === code)?.[1]?.replace(/ \(section [^)]*\)$/, "")).toBe(meaning);
    }
  });

  test("every code that SPEC names is one of them", () => {
    const named = new Set([...spec.matchAll(/\bE_[A-Z0-9_]+\b/g)].map(([code]) => code));
    expect([...named].filter((code) => !Object.hasOwn(errors, code))).toEqual([]);
  });

  test("a member of a lock record stands in its table, and the other way round", () => {
    const rows = table(section("## 18. Lock file"), "member").map(([member]) => member);
    const members = new Set(Object.values(entities).flatMap((record) => Object.keys(record)));
    // No entity of the golden contract announces anything.
    expect(new Set(rows)).toEqual(new Set([...members, "announced"]));
    expect(new Set(rows).size).toBe(rows.length);
  });

  test("the parameters of a lock's keys have the members that it names", () => {
    const row = table(section("## 18. Lock file"), "member").find(([member]) => member === "key")?.[1] ?? "";
    const members = new Set(Object.values(entities).flatMap(({ key }) => key.flatMap((each) => Object.keys(each))));
    for (const member of members) expect(row).toMatch(new RegExp(`\\b${member}\\b`));
  });

  test("scripts are those of lua/", () => {
    const named = [...section("## 10. Scripts: the closed table").matchAll(/^\| (\w+) +\| .*·/gm)]
      .concat([...section("## 14. Write-behind: scripts").matchAll(/^\| (\w+) +\| .*`/gm)])
      .map(([, name]) => name ?? "")
      .filter((name) => name in scripts);
    expect(new Set(named)).toEqual(new Set(Object.keys(scripts)));
  });

  test("the limit of a key is the one in force", () => {
    expect(table(section("## 8. Limits"), "limit").find(([name]) => name === "key")?.[1]).toBe(
      `${MAX_KEY_BYTES} bytes`,
    );
  });

  test("its own links lead somewhere", () => {
    const headings = [...spec.matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    );
    for (const [, link = ""] of spec.matchAll(/\]\(([^)]+)\)/g)) {
      if (link.startsWith("#")) expect(headings).toContain(link.slice(1));
      else expect(existsSync(file(link)), link).toBe(true);
    }
  });
});
