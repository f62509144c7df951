import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type CodecName, codecs, type EntityRecord } from "@cachepact/wire";
import { completeNeutral, fromNeutral, type Neutral, type NeutralMembers } from "@cachepact/wire/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { entities, ofKind } from "./fixture.ts";

const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");
const wire = fileURLToPath(new URL("..", import.meta.url));

interface Sample {
  readonly name: string;
  readonly record: EntityRecord;
  /** Field of the message Oracle that holds values of this entity. */
  readonly field: number;
  readonly value: object;
}

const records = Object.values(entities);

/** Every canonical value of the fixtures, as it is decoded. */
const samples: readonly Sample[] = ofKind("values", "canonical")
  .map((each) => {
    const record = entities[String(each["entity"])] as EntityRecord;
    const value = completeNeutral(record.schema, (each["decoded"] ?? each["value"]) as NeutralMembers);
    return { name: each.name, record, field: records.indexOf(record) + 1, value: fromNeutral(record.schema, value) };
  })
  .toSorted((a, b) => a.field - b.field);

let folder: string;

// One message holds them all, so that buf, a process, runs once a direction.
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "cachepact-buf-"));
  cpSync(path.join(wire, "fixtures/contract/proto"), folder, { recursive: true });
  cpSync(path.join(wire, "proto/cachepact"), path.join(folder, "cachepact"), { recursive: true });
  const names = records.map(({ schema }) => schema.message);
  const imports = names.map((name) => {
    const stem = name.slice(name.lastIndexOf(".") + 1).replaceAll(/(?<=[a-z])[A-Z]/g, "_$&");
    return `import "golden/v1/${stem.toLowerCase()}.proto";`;
  });
  const fields = names.map((name, index) => `  repeated .${name} f${index + 1} = ${index + 1};`);
  const proto = ['syntax = "proto3";', "package oracle;", ...imports, "message Oracle {", ...fields, "}"];
  writeFileSync(path.join(folder, "oracle.proto"), proto.join("\n"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function convert(input: Uint8Array | string, from: string, to: string): Buffer {
  writeFileSync(path.join(folder, `in.${from}`), input);
  const args = [buf, "convert", ".", "--type", "oracle.Oracle", "--from", `in.${from}`, "--to", `out.${to}`];
  const run = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  expect(run.stderr).toBe("");
  return readFileSync(path.join(folder, `out.${to}`));
}

function encode(codec: CodecName, { record, value }: Sample): Uint8Array {
  return codecs[codec].encode(record.schema, value);
}

/** What a lenient decode makes of another writer's bytes, in the order of the samples. */
function decodedAs(codec: CodecName, bytes: readonly Uint8Array[]): readonly Sample[] {
  expect(bytes).toHaveLength(samples.length);
  return samples.map((each, at) => ({
    ...each,
    value: codecs[codec].decode(each.record.schema, bytes[at] as Uint8Array, "lenient"),
  }));
}

function varint(number: number): readonly number[] {
  return number < 0x80 ? [number] : [(number % 0x80) + 0x80, ...varint(Math.floor(number / 0x80))];
}

function binaryOf(elements: readonly Uint8Array[]): Uint8Array {
  const fields = elements.map((bytes, at) => varint(((samples[at]?.field ?? 0) << 3) | 2).concat(varint(bytes.length)));
  return Buffer.concat(elements.flatMap((bytes, at) => [Uint8Array.from(fields[at] ?? []), bytes]));
}

/** The messages in a message Oracle, in the order of their fields. */
function elementsOf(bytes: Uint8Array): readonly Uint8Array[] {
  let at = 0;
  const next = (): number => {
    let number = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at] as number;
      at += 1;
      number += (byte % 0x80) * scale;
      if (byte < 0x80) return number;
    }
  };
  const elements: (readonly [tag: number, bytes: Uint8Array])[] = [];
  while (at < bytes.length) {
    const tag = next();
    const length = next();
    elements.push([tag, bytes.subarray(at, at + length)]);
    at += length;
  }
  return elements.toSorted(([a], [b]) => a - b).map(([, element]) => element);
}

test("buf reads our Protobuf, and its ProtoJSON is read as the same values", () => {
  const ours = samples.map((each) => encode("protobuf", each));
  const json = JSON.parse(String(convert(binaryOf(ours), "binpb", "json"))) as Record<string, readonly Neutral[]>;
  const lists = new Map(records.map((_, index) => [index + 1, [...(json[`f${index + 1}`] ?? [])]]));
  const texts = samples.map(({ record, field }) => protoNamed(record.schema, lists.get(field)?.shift() as Neutral));
  expect(
    decodedAs(
      "json",
      texts.map((each) => Buffer.from(JSON.stringify(each))),
    ),
  ).toEqual(samples);
});

test("buf reads our JSON as ProtoJSON, and its Protobuf is read as the same values", () => {
  const lists = records.map((record, index) => {
    const texts = samples.filter((each) => each.record === record).map((each) => Buffer.from(encode("json", each)));
    return `"f${index + 1}":[${texts.join(",")}]`;
  });
  const binary = convert(`{${lists.join(",")}}`, "json", "binpb");
  expect(decodedAs("protobuf", elementsOf(binary))).toEqual(samples);
});

test("buf writes the Protobuf that we write, but for the order of maps", () => {
  const ours = samples.map((each) => encode("protobuf", each));
  const theirs = elementsOf(convert(binaryOf(ours), "binpb", "binpb"));
  const inAnyOrder = (bytes: Uint8Array): string => Buffer.from(bytes.toSorted()).toString("hex");
  for (const [at, { name }] of samples.entries()) {
    expect(inAnyOrder(theirs[at] as Uint8Array), name).toBe(inAnyOrder(ours[at] as Uint8Array));
  }
});

/**
 * ProtoJSON by proto names. It writes lowerCamelCase, and leaves a default out: a required member at its default, which
 * our JSON always has, is put there.
 */
function protoNamed({ fields }: EntityRecord["schema"], json: Neutral): Neutral {
  const members = json as NeutralMembers;
  return Object.fromEntries(
    fields.flatMap(({ name, type, presence, required }) => {
      const found = members[name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())];
      if (found === undefined) {
        return required === true && presence === "implicit" ? [[name, type === "string" ? "" : 0]] : [];
      }
      if (typeof type === "string" || !("fields" in type)) return [[name, found]];
      const one = (element: Neutral): Neutral => protoNamed(type, element);
      if (presence === "repeated") return [[name, (found as readonly Neutral[]).map(one)]];
      if (presence !== "map") return [[name, one(found)]];
      const entries = Object.entries(found as NeutralMembers).map(([key, element]) => [key, one(element)] as const);
      return [[name, Object.fromEntries(entries)]];
    }),
  );
}
