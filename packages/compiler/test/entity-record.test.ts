import { describe, expect, test } from "vitest";

import { compileText, entity, HEAD, record, refusal } from "./scratch-contract.ts";

const ID = "  int64 id = 1 [jstype = JS_NUMBER];";

describe("entity record", () => {
  test("fills in every default that options.proto documents", async () => {
    expect(await record(entity(ID))).toEqual({
      entity: "thing",
      generation: 0,
      next_generation: null,
      previous_generation: null,
      codec: "json",
      framing: "framed",
      fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
      key: [{ param: "id", type: "int64", jstype: "number", max_bytes: 128, transforms: [] }],
      ttl_ms: 60_000,
      grace_ms: 0,
      negative_ttl_ms: 30_000,
      jitter_ratio: 0.1,
      sliding: null,
      early_refresh: false,
      max_payload_bytes: 1_048_576,
      consistency: "eventual",
      replica_reads: false,
      l1: false,
      version: null,
      log: null,
      partitions: 0,
      schema: {
        message: "shop.v1.Thing",
        fields: [{ name: "id", number: 1, presence: "implicit", type: "int64", jstype: "number" }],
      },
    });
  });

  test("the default negative ttl never exceeds the ttl", async () => {
    expect(await record(entity(ID, { ttl_ms: "5000" }))).toMatchObject({ negative_ttl_ms: 5000 });
  });

  test("a jitter ratio of zero is kept, it is not the default", async () => {
    expect(await record(entity(ID, { jitter_ratio: "0" }))).toMatchObject({ jitter_ratio: 0 });
  });

  test("carries over what the option says", async () => {
    const option = {
      generation: "4",
      next_generation: "5",
      previous_generation: "3",
      codec: "CODEC_MSGPACK",
      grace_ms: "7",
      negative_ttl_ms: "8",
      jitter_ratio: "0.25",
      early_refresh: "true",
      max_payload_bytes: "99",
      consistency: "CONSISTENCY_EVENTUAL",
      replica_reads: "true",
      l1: "true",
    };
    const version = "  int64 row = 2 [jstype = JS_NUMBER, (cachepact.v1.field).version = true];";
    expect(await record(entity(`${ID}\n${version}`, option))).toMatchObject({
      generation: 4,
      next_generation: 5,
      previous_generation: 3,
      codec: "msgpack",
      grace_ms: 7,
      negative_ttl_ms: 8,
      jitter_ratio: 0.25,
      early_refresh: true,
      max_payload_bytes: 99,
      consistency: "eventual",
      replica_reads: true,
      l1: true,
      version: "row",
    });
  });

  test("carries over sliding expiry and strong consistency", async () => {
    const option = { sliding: "{ idle_ms: 10 max_ms: 20 }", consistency: "CONSISTENCY_STRONG" };
    expect(await record(entity(ID, option))).toMatchObject({
      sliding: { idle_ms: 10, max_ms: 20 },
      consistency: "strong",
    });
  });

  test("the longest times of a contract are times that Redis and the scripts take", async () => {
    const most = "4294967295";
    const { ttl_ms, grace_ms, negative_ttl_ms } = await record(
      entity(ID, { ttl_ms: most, grace_ms: most, negative_ttl_ms: most, max_payload_bytes: "536870400" }),
    );
    expect([ttl_ms, grace_ms, negative_ttl_ms]).toEqual([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1]);
    // SPEC 10: a duration in a script's arguments is below 10^12 ms.
    expect(ttl_ms + grace_ms).toBeLessThan(1e12);
  });

  test("a log has sixteen partitions unless the option says otherwise", async () => {
    expect(await record(entity(ID, { log: '"things"' }))).toMatchObject({ log: "things", partitions: 16 });
    expect(await record(entity(ID, { log: '"things"', partitions: "4" }))).toMatchObject({ partitions: 4 });
  });

  test("a PLAIN entity states the JSON form of its 64-bit fields", async () => {
    const plain = entity("  uint64 id = 1 [jstype = JS_STRING];\n  repeated int64 more = 2 [jstype = JS_NUMBER];", {
      framing: "FRAMING_PLAIN",
    });
    expect((await record(plain)).schema.fields).toEqual([
      { name: "id", number: 1, presence: "implicit", type: "uint64" },
      { name: "more", number: 2, presence: "repeated", type: "int64", jstype: "number" },
    ]);
  });

  test("entities of several files and folders stand in one lock by name", async () => {
    const second = `message Other { option (cachepact.v1.entry) = { key: "other" codec: CODEC_JSON framing: FRAMING_PLAIN ttl_ms: 1 }; }`;
    expect(Object.keys(await compileText(entity(ID) + second))).toEqual(["other", "thing"]);
  });
});

describe("schema", () => {
  test("keeps what a message reserves, which its fingerprint does not see", async () => {
    const lines = 'reserved "gone", "away";\n  reserved 9, 4 to 6, 2;\n  string id = 1;';
    const { schema, fingerprint } = await record(entity(`  ${lines}`));
    expect(schema.reserved).toEqual({
      names: ["away", "gone"],
      numbers: [
        [2, 2],
        [4, 6],
        [9, 9],
      ],
    });
    const without = await record(entity("  string id = 1;"));
    expect(without.schema).not.toHaveProperty("reserved");
    expect(without.fingerprint).toBe(fingerprint);
  });

  test("holds every allowed type, in every presence, by ascending number", async () => {
    const scalars = "int32 uint32 sint32 int64 uint64 sint64 bool string bytes double".split(" ");
    const lines = scalars.flatMap((type, index) => [
      `  ${type} plain_${type} = ${400 - index};`,
      `  optional ${type} optional_${type} = ${300 - index};`,
      `  repeated ${type} repeated_${type} = ${200 - index};`,
      `  map<string, ${type}> map_${type} = ${100 - index};`,
    ]);
    const fields = (await record(entity(`${lines.join("\n")}\n  string id = 1;`))).schema.fields;
    expect(fields.map((field) => field.number)).toEqual(fields.map((field) => field.number).toSorted((a, b) => a - b));
    for (const type of scalars) {
      const of = (name: string) => fields.find((field) => field.name === name);
      expect(of(`plain_${type}`)).toMatchObject({ presence: "implicit", type });
      expect(of(`optional_${type}`)).toMatchObject({ presence: "optional", type });
      expect(of(`repeated_${type}`)).toMatchObject({ presence: "repeated", type });
      expect(of(`map_${type}`)).toMatchObject({ presence: "map", type });
    }
  });

  test("single timestamps and messages are optional, lists and maps of them keep their presence", async () => {
    const text = entity(`  string id = 1;
  google.protobuf.Timestamp at = 2;
  repeated google.protobuf.Timestamp times = 3;
  map<string, google.protobuf.Timestamp> by_name = 4;
  Inner inner = 5;
  repeated Inner inners = 6;
  message Inner { Kind kind = 2; string name = 1; }
  enum Kind { KIND_UNSPECIFIED = 0; KIND_NEGATIVE = -1; }`);
    const inner = {
      message: "shop.v1.Thing.Inner",
      fields: [
        { name: "name", number: 1, presence: "implicit", type: "string" },
        {
          name: "kind",
          number: 2,
          presence: "implicit",
          type: { enum: "shop.v1.Thing.Kind", values: { KIND_UNSPECIFIED: 0, KIND_NEGATIVE: -1 } },
        },
      ],
    };
    expect((await record(text)).schema.fields.slice(1)).toEqual([
      { name: "at", number: 2, presence: "optional", type: "timestamp" },
      { name: "times", number: 3, presence: "repeated", type: "timestamp" },
      { name: "by_name", number: 4, presence: "map", type: "timestamp" },
      { name: "inner", number: 5, presence: "optional", type: inner },
      { name: "inners", number: 6, presence: "repeated", type: inner },
    ]);
  });

  test("required and pii are marks, false is the same as absent", async () => {
    const text = entity(`  string id = 1 [(cachepact.v1.field) = { required: true pii: true }];
  string name = 2 [(cachepact.v1.field).required = false];`);
    expect((await record(text)).schema.fields).toEqual([
      { name: "id", number: 1, presence: "implicit", type: "string", required: true, pii: true },
      { name: "name", number: 2, presence: "implicit", type: "string" },
    ]);
  });

  test("messages that no entity uses are not part of the contract and may be anything", async () => {
    const rpc = "message Request { oneof x { float a = 1; } } service Things { rpc Find(Request) returns (Thing); }";
    expect(Object.keys(await compileText(entity("  string id = 1;") + rpc))).toEqual(["thing"]);
  });

  test("an entity may hold another entity's message, whose version field is then an ordinary field", async () => {
    const text = `${HEAD}
message User {
  option (cachepact.v1.entry) = { key: "user:{id}" codec: CODEC_JSON framing: FRAMING_FRAMED ttl_ms: 1 };
  string id = 1;
  int64 version = 2 [jstype = JS_NUMBER, (cachepact.v1.field).version = true];
}
message Team {
  option (cachepact.v1.entry) = { key: "team:{id}" codec: CODEC_JSON framing: FRAMING_FRAMED ttl_ms: 1 };
  string id = 1;
  User owner = 2;
}`;
    expect(await compileText(text)).toMatchObject({ user: { version: "version" }, team: { version: null } });
  });
});

describe("key parameters", () => {
  test("and literals fill a whole key, not more", async () => {
    const literals = `:${"a".repeat(40)}`.repeat(12);
    const of = (last: number): string =>
      entity("  string id = 1;", { key: `"thing${literals}:${"b".repeat(last)}:{id}"` });
    // thing, 12 literals of 40, one of 12, a parameter of one byte, each behind a colon.
    expect((await record(of(12))).key).toHaveLength(14);
    const error = await refusal(() => record(of(13)));
    expect(error.problems[0]).toContain("its shortest key has 513 bytes, but a whole key has 512");
  });

  test("may be optional fields when they are required: those are there in every value", async () => {
    const text = entity("  optional string id = 1 [(cachepact.v1.field).required = true];");
    expect((await record(text)).key).toEqual([{ param: "id", type: "string", max_bytes: 128, transforms: [] }]);
  });

  test("take their type from the field of their name", async () => {
    const text = entity("  string id = 1;\n  bytes raw = 2;\n  bool on = 3;\n  sint32 n = 4;\n  uint64 big = 5;", {
      key: '"thing:all:{{id}}:{raw}:{on}:{n}:{big}"',
    });
    expect((await record(text)).key).toEqual([
      { literal: "all" },
      { param: "id", type: "string", hash_tag: true, max_bytes: 128, transforms: [] },
      { param: "raw", type: "bytes", max_bytes: 128, transforms: [] },
      { param: "on", type: "bool", max_bytes: 128, transforms: [] },
      { param: "n", type: "sint32", max_bytes: 128, transforms: [] },
      { param: "big", type: "uint64", max_bytes: 128, transforms: [] },
    ]);
  });

  test("are declared where a field does not say enough", async () => {
    const text = entity("  string id = 1;\n  string token = 2;\n  string region = 3;", {
      key: '"thing:{id}:{token}:{region}:{tenant}"',
      params: `[
        { name: "id" type: "uuid" },
        { name: "token" transforms: KEY_TRANSFORM_SHA256 },
        { name: "region" type: "enum" values: ["eu", "us"] },
        { name: "tenant" type: "int32" }
      ]`,
    });
    expect((await record(text)).key).toEqual([
      { param: "id", type: "uuid", max_bytes: 128, transforms: [] },
      { param: "token", type: "string", max_bytes: 128, transforms: ["sha256"] },
      { param: "region", type: "enum", max_bytes: 128, transforms: [], values: ["eu", "us"] },
      { param: "tenant", type: "int32", max_bytes: 128, transforms: [] },
    ]);
  });
});
