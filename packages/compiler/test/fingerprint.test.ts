import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { EntityRecord } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import { fingerprint } from "../src/fingerprint.ts";
import { checkGenerated, compile, loadConfig } from "../src/index.ts";
import { entity, recordOfEach } from "./scratch-contract.ts";

const GOLDEN = fileURLToPath(import.meta.resolve("@cachepact/wire/fixtures/contract/cachepact.json"));

const FIELDS = "  int64 id = 1 [jstype = JS_NUMBER];\n  Kind kind = 2;\n  Inner inner = 3;\n  string name = 4;";
const TYPES = "enum Kind { KIND_UNSPECIFIED = 0; KIND_A = 1; }\nmessage Inner { string a = 1; }\n";

function proto(fields = FIELDS, option: Readonly<Record<string, string>> = {}, types = TYPES): string {
  return entity(fields, option) + types;
}

describe("fingerprint", () => {
  test("of the golden contract is what every entry of it carries in its frame", async () => {
    const { entities } = await compile(loadConfig(GOLDEN));
    expect(entities).toMatchObject({
      m: { fingerprint: "0b7c3370" },
      user: { fingerprint: "def6996a" },
      "user-by-name": { fingerprint: "7b4550b7" },
    });
  });

  test("of the golden contract's lock is committed", async () => {
    expect((await checkGenerated(GOLDEN)).unchanged).toEqual(["contracts.lock.json"]);
  });

  test("is SHA-256 over the canonical text of the schema", () => {
    const schema: EntityRecord["schema"] = {
      message: "golden.v1.UserByName",
      fields: [
        { name: "name", number: 1, presence: "implicit", type: "string", required: true, pii: true },
        { name: "user_id", number: 2, presence: "implicit", type: "int64", jstype: "number" },
      ],
    };
    const ir =
      '{"codec":"json","fields":[{"name":"name","number":1,"presence":"implicit","type":"string"},' +
      '{"jstype":"number","name":"user_id","number":2,"presence":"implicit","type":"int64"}],' +
      '"generation":1,"ir":1,"message":"golden.v1.UserByName"}';
    expect(fingerprint({ generation: 1, codec: "json", schema })).toBe(
      createHash("sha256").update(ir).digest("hex").slice(0, 8),
    );
  });

  test("does not change with what two builds need not share", async () => {
    const same = (
      await recordOfEach([
        proto(),
        proto(FIELDS.replace("name = 4", "name = 4 [(cachepact.v1.field) = { required: true pii: true }]")),
        proto(FIELDS, { ttl_ms: "1", negative_ttl_ms: "1", grace_ms: "9", jitter_ratio: "0", l1: "true" }),
        proto(FIELDS, { key: '"thing:{name}"', max_payload_bytes: "7", next_generation: "9" }),
        proto(`  // A comment.\n${FIELDS.split("\n").toReversed().join("\n")}`),
        proto(FIELDS, {}, TYPES.split("\n").toReversed().join("\n")),
      ])
    ).map(fingerprint);
    expect(new Set(same).size).toBe(1);
  });

  test("changes with everything that they must share", async () => {
    const changed = (
      await recordOfEach([
        proto(),
        proto(FIELDS, { generation: "1" }),
        proto(FIELDS, { codec: "CODEC_MSGPACK" }),
        proto(FIELDS.replace(" [jstype = JS_NUMBER]", "")),
        proto(FIELDS.replace("string name", "bytes name")),
        proto(FIELDS.replace("string name", "optional string name")),
        proto(FIELDS.replace("string name", "repeated string name")),
        proto(FIELDS.replace("string name", "map<string, string> name")),
        proto(FIELDS.replace("name = 4", "label = 4")),
        proto(FIELDS.replace("name = 4", "name = 5")),
        proto(`${FIELDS}\n  string more = 9;`),
        proto(FIELDS, {}, TYPES.replace("KIND_A = 1", "KIND_A = 2")),
        proto(FIELDS, {}, TYPES.replace("string a", "string b")),
      ])
    ).map(fingerprint);
    expect(new Set(changed).size).toBe(changed.length);
  });
});
