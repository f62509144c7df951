import { readFileSync } from "node:fs";
import { type CodecName, type ContractLock, codecs, type EntityRecord, isCachepactError } from "@cachepact/wire";
import { fromNeutral, toNeutral } from "@cachepact/wire/testing";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { BYTE_MUTATIONS, mutateBytes } from "../src/differential/byte-mutation.ts";
import { invalidValue } from "../src/differential/invalid-value.ts";
import { JSON_MUTATIONS, mutateJson } from "../src/differential/json-mutation.ts";
import { MSGPACK_MUTATIONS, mutateMsgpack } from "../src/differential/msgpack-mutation.ts";
import { parseMsgpack, writeMsgpack } from "../src/differential/msgpack-tree.ts";
import { payloadOf } from "../src/differential/mutant.ts";
import { mutateProtobuf, PROTOBUF_MUTATIONS } from "../src/differential/protobuf-mutation.ts";
import { parseProtobuf, writeProtobuf } from "../src/differential/protobuf-tree.ts";
import { settled, tooDeep } from "../src/differential/settled.ts";
import { entityValue } from "../src/differential/value.ts";

// A machine that is busy with other tests is slow, which is no failure.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const lock = JSON.parse(
  readFileSync(new URL(import.meta.resolve("@cachepact/wire/fixtures/contract/contracts.lock.json")), "utf8"),
) as ContractLock;
const records: readonly EntityRecord[] = Object.values(lock.entities);
const names: readonly CodecName[] = ["json", "msgpack", "protobuf"];
const SEED = 20_260_101;

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (isCachepactError(error)) return error.code;
    throw error;
  }
}

describe("values", () => {
  const values = fc.sample(entityValue(records), { seed: SEED, numRuns: 300 });

  test.each(names)(
    "%s writes each and reads it as what is expected of it, but for those that are too deep",
    (codec) => {
      for (const input of values) {
        const { schema } = input.record;
        if (tooDeep(schema, input.value)) {
          expect(codeOf(() => payloadOf(input, codec))).toBe("E_DEPTH");
        } else {
          const decoded = codecs[codec].decode(schema, payloadOf(input, codec), "strict");
          expect(settled(schema, toNeutral(schema, decoded))).toBe(settled(schema, input.value));
        }
      }
    },
  );

  const texts = fc
    .sample(entityValue(records), { seed: SEED + 1, numRuns: 2_500 })
    .map(({ value }) => JSON.stringify(value));

  test.each([
    ["an int64 at its least", /"-9223372036854775808"/],
    ["a uint64 at its greatest", /"18446744073709551615"/],
    ["2^53 - 1", /"9007199254740991"/],
    ["-0", /"f64":"8000000000000000"/],
    ["a denormal", /5e-324/],
    ["U+2028", /\u2028/],
    ["a key beyond the surrogates beside one above them", /\["[\uE000-\uFFFF]"[^\]]*\],.*\["[\uD800-\uDBFF]/],
    ["a key that is a prefix of another", /\["abc?",.*\["a",|\["a",.*\["abc?",/],
    ["__proto__ as a key", /\["__proto__",/],
    ["a key like an array's index", /\["(?:10|4294967294)",/],
    ["the year 1", /-62135596800/],
    ["the year 9999", /253402300799/],
    ["a time before 1970", /\[-1,\d+\]/],
    ["a time finer than a ms", /\[-?\d+,\d*(?:25|5|75)0000\]/],
    ["text of 65,536 bytes", /"times":65536/],
    ["an empty list or map", /:\[\]/],
    ["an empty message", /:\{\}/],
    ["an unknown enum number", /"shade":-2147483648/],
  ])("among many there is %s", (_, pattern) => {
    expect(texts.some((text) => pattern.test(text))).toBe(true);
  });

  test("values reach level 32 and beyond", () => {
    const many = fc.sample(entityValue(records), { seed: SEED, numRuns: 1_500 });
    expect(many.some(({ record, value }) => tooDeep(record.schema, value))).toBe(true);
    expect(many.some(({ record, value }) => record.entity === "deep" && levels(value) === 32)).toBe(true);
  });
});

function levels(value: unknown): number {
  return typeof value === "object" && value !== null && "next" in value ? 1 + levels(value.next) : 1;
}

describe("values with one fault", () => {
  const invalid = fc
    .sample(invalidValue(records), { seed: SEED, numRuns: 400 })
    .filter(({ record, value }) => !tooDeep(record.schema, value));

  test.each(names)("%s refuses each with the code of its fault", (codec) => {
    for (const { record, value, code } of invalid) {
      const found = codeOf(() => codecs[codec].encode(record.schema, fromNeutral(record.schema, value)));
      expect([found, value]).toEqual([code, value]);
    }
  });

  test("every code of encoding but E_DEPTH is among them", () => {
    const codes = new Set(invalid.map(({ code }) => code));
    expect([...codes].toSorted()).toEqual(["E_FLOAT", "E_MISSING", "E_RANGE", "E_SURROGATE", "E_TYPE"]);
  });
});

describe("changes", () => {
  const inputs = fc
    .sample(entityValue(records), { seed: SEED, numRuns: 400 })
    .filter(({ record, value }) => !tooDeep(record.schema, value));

  test("trees are written as they were read", () => {
    for (const input of inputs) {
      const msgpack = payloadOf(input, "msgpack");
      const tree = parseMsgpack(msgpack);
      expect(tree && Buffer.compare(writeMsgpack(tree), msgpack)).toBe(0);
      const protobuf = payloadOf(input, "protobuf");
      const fields = parseProtobuf(input.record.schema, protobuf);
      expect(fields && Buffer.compare(writeProtobuf(fields), protobuf)).toBe(0);
    }
  });

  function changesOne(
    change: (index: number) => readonly [before: Uint8Array | string, after: Uint8Array | string],
  ): boolean {
    return inputs.some((_, index) => {
      const [before, after] = change(index);
      return Buffer.from(before).compare(Buffer.from(after)) !== 0;
    });
  }

  test.each(JSON_MUTATIONS)("of JSON: %s changes something", (how) => {
    expect(
      changesOne((index) => {
        const text = Buffer.from(payloadOf(inputs[index] as (typeof inputs)[0], "json")).toString();
        return [text, mutateJson(text, { how, at: index, pick: index * 7 })];
      }),
    ).toBe(true);
  });

  test.each(MSGPACK_MUTATIONS)("of MessagePack: %s changes something", (how) => {
    expect(
      changesOne((index) => {
        const bytes = payloadOf(inputs[index] as (typeof inputs)[0], "msgpack");
        return [bytes, mutateMsgpack(bytes, { how, at: index, pick: index * 7 })];
      }),
    ).toBe(true);
  });

  test.each(PROTOBUF_MUTATIONS)("of Protobuf: %s changes something", (how) => {
    expect(
      changesOne((index) => {
        const input = inputs[index] as (typeof inputs)[0];
        const bytes = payloadOf(input, "protobuf");
        return [bytes, mutateProtobuf(input.record.schema, bytes, { how, at: index * 16, pick: index * 7 })];
      }),
    ).toBe(true);
  });

  test.each(BYTE_MUTATIONS)("of bytes: %s changes something", (how) => {
    expect(
      changesOne((index) => {
        const bytes = payloadOf(inputs[index] as (typeof inputs)[0], "msgpack");
        return [bytes, mutateBytes(bytes, { how, at: index, pick: index * 7 + 1 }, Uint8Array.of(1, 2, 3))];
      }),
    ).toBe(true);
  });
});
