import {
  type CodecName,
  codecs,
  decodeEntry,
  decodePayload,
  type Entity,
  type EntryMeta,
  encodeEntry,
  encodePayload,
} from "@cachepact/wire";
import { completeNeutral, fromNeutral, keyFromNeutral, type NeutralMembers } from "@cachepact/wire/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FixtureCase, fixtureCases, type GeneratedContract, goldenContract } from "./generated-contract.ts";
import { verdict } from "./verdict.ts";

/** Every fixture of the wire through the generated codecs, with the same expectations as for the interpreter. */

const names: readonly CodecName[] = ["json", "msgpack", "protobuf"];

let golden: GeneratedContract;

beforeAll(async () => {
  golden = await goldenContract();
}, 60_000);

afterAll(() => golden?.remove());

function entityOf({ entity }: FixtureCase): Entity<object, object> {
  const found = golden.entities.get(entity);
  if (found === undefined) throw new Error(`no entity ${entity} in the golden contract`);
  return found;
}

function valueOf(each: FixtureCase, field = "value"): object {
  return fromNeutral(entityOf(each).record.schema, each[field] as NeutralMembers);
}

/** The value that decoding gives: with defaults. */
function decodedOf(each: FixtureCase): object {
  const { schema } = entityOf(each).record;
  const neutral = (each["decoded"] ?? each["value"]) as NeutralMembers;
  return fromNeutral(schema, completeNeutral(schema, neutral));
}

function bytesOf(each: FixtureCase): Uint8Array {
  return each["text"] === undefined
    ? new Uint8Array(Buffer.from(each["bytes"] as string, "hex"))
    : new TextEncoder().encode(each["text"] as string);
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");
}

test("every entity has generated codecs, but the one whose values may lie too deep", () => {
  const without = [...golden.entities.values()].filter(({ generated }) => generated === undefined);
  expect(without.map(({ record }) => record.entity)).toEqual(["deep"]);
  expect(golden.entities.size).toBeGreaterThan(8);
});

describe.each(names)("%s: no canonical value makes a generated codec abstain", (name) => {
  const cases = fixtureCases("values", "canonical").filter(({ entity }) => entity !== "deep");

  test.each(cases)("$name", (each) => {
    const entity = entityOf(each);
    const expected = codecs[name].encodePayload(entity.record.schema, valueOf(each));
    const payload = entity.generated?.[name].encode(valueOf(each));
    expect(hex(payload?.bytes)).toBe(hex(expected.bytes));
    expect(payload?.ascii).toBe(expected.ascii);
    expect(entity.generated?.[name].decode(expected.bytes)).toStrictEqual(
      codecs[name].decode(entity.record.schema, expected.bytes, "strict"),
    );
    expect(decodePayload(entity, name, expected.bytes, "strict")).toEqual(decodedOf(each));
  });
});

describe("JSON text", () => {
  const cases = fixtureCases("values", "canonical").filter(({ entity }) => entity !== "deep");

  test.each(cases)("$name", (each) => {
    const { generated, record } = entityOf(each);
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(codecs.json.encode(record.schema, valueOf(each)));
    expect(generated?.json.encodeText(valueOf(each))).toBe(text);
    expect(generated?.json.decodeText(text)).toEqual(decodedOf(each));
  });
});

test.each(fixtureCases("values", "encode-error"))("refuses to write $name", (each) => {
  for (const name of names) {
    expect(entityOf(each).generated?.[name].encode(valueOf(each))).toBeUndefined();
    expect(verdict(() => encodePayload(entityOf(each), name, valueOf(each)))).toEqual({ code: each["error"] });
  }
});

test.each(fixtureCases("values", "accept"))("reads $name leniently only", (each) => {
  const codec = each["codec"] as CodecName;
  const read = (mode: "lenient" | "strict") => verdict(() => decodePayload(entityOf(each), codec, bytesOf(each), mode));
  expect(read("lenient")).toEqual({ result: decodedOf(each) });
  expect(read("strict")).toEqual({ code: each["strict"] });
});

test.each(fixtureCases("values", "reject"))("refuses to read $name", (each) => {
  const codec = each["codec"] as CodecName;
  expect(entityOf(each).generated?.[codec].decode(bytesOf(each))).toBeUndefined();
  for (const mode of ["lenient", "strict"] as const) {
    expect(verdict(() => decodePayload(entityOf(each), codec, bytesOf(each), mode))).toEqual({ code: each["error"] });
  }
});

describe("entries", () => {
  function metaOf(each: FixtureCase): EntryMeta {
    const meta = each["meta"] as Readonly<Record<string, never>>;
    const named = {
      version: meta["version"],
      staleAtMs: meta["stale_at_ms"],
      createdAtMs: meta["created_at_ms"],
      costMs: meta["cost_ms"],
      dirty: meta["dirty"],
    };
    return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  }

  function read(each: FixtureCase) {
    const entity = entityOf(each);
    const key = keyFromNeutral(entity.record, each["key"] as NeutralMembers);
    return verdict(() => decodeEntry(entity, bytesOf(each), key));
  }

  function write(each: FixtureCase) {
    const value = each["value"] === null ? null : valueOf(each);
    return verdict(() => hex(encodeEntry(entityOf(each), value, metaOf(each))));
  }

  function expected(each: FixtureCase) {
    const result = each["result"] as Readonly<Record<string, unknown>>;
    return {
      result: {
        value: each["value"] === null ? null : decodedOf(each),
        version: result["version"],
        staleAtMs: result["stale_at_ms"],
        createdAtMs: result["created_at_ms"],
        costMs: result["cost_ms"],
        dirty: result["dirty"],
        foreign: result["foreign"],
      },
    };
  }

  test.each(fixtureCases("entries", "entry"))("$name", (each) => {
    expect(write(each)).toEqual({ result: each["bytes"] });
    expect(read(each)).toEqual(expected(each));
  });

  test.each(fixtureCases("entries", "accept"))("$name", (each) => expect(read(each)).toEqual(expected(each)));

  test.each(fixtureCases("entries", "reject"))("$name", (each) => {
    expect(read(each)).toEqual({ code: each["error"] });
  });

  test.each(fixtureCases("entries", "encode-error"))("$name", (each) => {
    expect(write(each)).toEqual({ code: each["error"] });
  });
});
