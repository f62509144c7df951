import { isDeepStrictEqual } from "node:util";
import type { MessageType } from "@cachepact/wire";
import { type CodecName, codecs, type DecodeNotes, decodePayload, type Entity, type Field } from "@cachepact/wire";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { schemaArbitrary, valueArbitrary } from "../../wire/test/arbitrary.ts";
import { type GeneratedContract, generatedContract } from "./generated-contract.ts";
import { verdict } from "./verdict.ts";

/** While a release that adds fields is rolled out, readers of the old one meet its members in every entry. */

const seed = Number(process.env["CACHEPACT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const PROTO = `syntax = "proto3";
package roll.v1;
import "cachepact/v1/options.proto";
import "google/protobuf/timestamp.proto";
message Leaf {
  reserved 2, 5 to 6, 12 to 13;
  reserved "gone", "zz";
  string a = 1;
  optional int64 m = 3;
  repeated int32 packed = 4;
  bytes raw = 7;
  double d = 8;
  google.protobuf.Timestamp at = 9;
}
message Thing {
  option (cachepact.v1.entry) = { key: "thing:{id}" codec: CODEC_MSGPACK framing: FRAMING_FRAMED ttl_ms: 1000 };
  reserved 3;
  reserved "lost";
  int64 id = 1 [jstype = JS_NUMBER, (cachepact.v1.field).required = true];
  string b = 2;
  Leaf leaf = 4;
  repeated Leaf leaves = 5;
  map<string, Leaf> by_name = 6;
  map<string, int64> counts = 7;
  repeated string tags = 9;
  optional bool yes = 10;
  sint64 z = 11;
}
`;
const CODECS: readonly CodecName[] = ["json", "msgpack", "protobuf"];
/** Before, between and behind the known names; some of them given up. */
const NAMES = ["aa", "b_new", "gone", "loyalty", "lost", "mm", "tagt", "zz", "zzz", "constructor"];
/** Above every known number, or given up in one of the messages. */
const NUMBERS: Readonly<Record<string, readonly number[]>> = {
  "roll.v1.Leaf": [2, 5, 6, 10, 12, 13, 15, 16, 2048, 536_870_911],
  "roll.v1.Thing": [3, 12, 15, 16, 2048, 536_870_911],
};
const TYPES = ["int32", "uint64", "bool", "string", "bytes", "double", "timestamp", "int64"] as const;

type Case = readonly [next: MessageType, value: Record<string, unknown>, position: number, change: number];

let contract: GeneratedContract;
let thing: Entity<object, object>;

beforeAll(async () => {
  contract = await generatedContract({ "roll/v1/thing.proto": PROTO });
  thing = contract.entities.get("thing") as Entity<object, object>;
}, 60_000);

afterAll(() => contract?.remove());

function added(schema: MessageType): fc.Arbitrary<readonly Field[]> {
  const type = fc.oneof({ arbitrary: fc.constantFrom(...TYPES), weight: 4 }, schemaArbitrary(1));
  const field = fc
    .record({
      name: fc.constantFrom(...NAMES),
      number: fc.constantFrom(...(NUMBERS[schema.message] ?? [])),
      presence: fc.constantFrom<Field["presence"]>("implicit", "optional", "repeated", "map"),
      type,
    })
    .map((each): Field => {
      const single = typeof each.type === "object" || each.type === "timestamp";
      return single && each.presence === "implicit" ? { ...each, presence: "optional" } : each;
    });
  return fc
    .uniqueArray(field, { maxLength: 3, selector: ({ name }) => name })
    .map((fields) =>
      fields.filter((each, index) => fields.findIndex(({ number }) => number === each.number) === index),
    );
}

/** The schema with new fields in any of its messages. */
function nextRelease(schema: MessageType): fc.Arbitrary<MessageType> {
  const kept = schema.fields.map(
    (field): fc.Arbitrary<Field> =>
      typeof field.type === "object" && "fields" in field.type
        ? nextRelease(field.type).map((type) => ({ ...field, type }))
        : fc.constant(field),
  );
  return fc.tuple(added(schema), fc.tuple(...kept)).map(([more, fields]) => ({
    message: schema.message,
    fields: [...fields, ...more].toSorted((a, b) => a.number - b.number),
  }));
}

function cases(): fc.Arbitrary<Case> {
  return nextRelease(thing.record.schema).chain((next) =>
    fc.tuple(fc.constant(next), valueArbitrary(next), fc.nat(), fc.integer({ min: 0, max: 255 })),
  );
}

function read(codec: CodecName, bytes: Uint8Array, path: "generated" | "interpreter"): object {
  const notes: DecodeNotes = { unknownEnumName: false };
  return { ...verdict(() => decodePayload(thing, codec, bytes, "lenient", path, notes)), notes };
}

describe.each(CODECS)(`%s of the next release, CACHEPACT_SEED=${seed}`, (codec) => {
  test("is vouched for: nobody pays the interpreter's price during a roll", () => {
    let missed = 0;
    fc.assert(
      fc.property(cases(), ([next, value]) => {
        const bytes = codecs[codec].encode(next, value);
        const notes: DecodeNotes = { unknownEnumName: false };
        const found = thing.generated?.[codec].decode(bytes, notes);
        expect(found).toBeDefined();
        expect(isDeepStrictEqual(found, codecs[codec].decode(thing.record.schema, bytes, "lenient"))).toBe(true);
        if (notes.unknownMember === true) missed += 1;
      }),
      { seed, numRuns: 100, endOnFailure: true },
    );
    // Some releases add nothing, or only what was given up.
    expect(missed).toBeGreaterThan(20);
  });

  test("is read as the interpreter reads it, notes and faults included", () => {
    fc.assert(
      fc.property(cases(), ([next, value, position, change]) => {
        const whole = codecs[codec].encode(next, value);
        const at = position % (whole.length + 1);
        const doubled = Buffer.concat([whole.slice(0, at), whole.slice(Math.max(0, at - (change % 20)))]);
        for (const bytes of [whole, whole.map((byte, index) => (index === at ? byte ^ change : byte)), doubled]) {
          const [generated, interpreter] = [read(codec, bytes, "generated"), read(codec, bytes, "interpreter")];
          if (!isDeepStrictEqual(generated, interpreter)) expect(generated).toEqual(interpreter);
        }
      }),
      { seed, numRuns: 150, endOnFailure: true },
    );
  });
});

test("a member that lies too deep is the interpreter's to judge", () => {
  const nested = (levels: number): Uint8Array =>
    Uint8Array.of(0x82, 0xa2, 0x69, 0x64, 0x01, 0xa2, 0x7a, 0x7a, ...Array.from({ length: levels }, () => 0x91), 0xc3);
  expect(read("msgpack", nested(31), "generated")).toEqual(read("msgpack", nested(31), "interpreter"));
  expect(thing.generated?.msgpack.decode(nested(31))).toBeDefined();
  expect(read("msgpack", nested(32), "generated")).toMatchObject({ code: "E_DEPTH" });
});

test("a known name that comes again is no member of a newer writer", () => {
  const twice = Uint8Array.of(0x82, 0xa2, 0x69, 0x64, 0x01, 0xa2, 0x69, 0x64, 0x02);
  expect(thing.generated?.msgpack.decode(twice)).toBeUndefined();
  expect(read("msgpack", twice, "generated")).toMatchObject({ code: "E_DUP" });
  expect(thing.generated?.json.decode(Buffer.from('{"id":1,"id":2}'))).toBeUndefined();
  expect(read("json", Buffer.from('{"id":1,"x":{"a":1,"a":1}}'), "generated")).toMatchObject({ code: "E_DUP" });
});
