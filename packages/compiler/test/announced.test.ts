import { describe, expect, test } from "vitest";

import { refuses } from "./refused-cases.ts";
import { entity, HEAD, record } from "./scratch-contract.ts";

const FIELDS = "  string id = 1;\n  Color color = 2;";
const COLOR = "\nenum Color {\n  COLOR_UNSPECIFIED = 0;\n  COLOR_RED = 1;\n}\n";

function announcing(announced: string, option: Readonly<Record<string, string>> = {}): string {
  return entity(FIELDS, { max_payload_bytes: "100", ...option, announced: `{ ${announced} }` }) + COLOR;
}

describe("an announcement", () => {
  test("stands in the record as far as it goes, and nowhere when there is none", async () => {
    const all = announcing(
      'codec: CODEC_MSGPACK max_payload_bytes: 101 enum_values: ["COLOR_RED", "COLOR_UNSPECIFIED"]',
    );
    expect((await record(all)).announced).toEqual({
      codec: "msgpack",
      max_payload_bytes: 101,
      enum_values: ["COLOR_RED", "COLOR_UNSPECIFIED"],
    });
    expect((await record(announcing("codec: CODEC_PROTOBUF"))).announced).toEqual({ codec: "protobuf" });
    expect(await record(entity("  string id = 1;"))).not.toHaveProperty("announced");
  });

  test("finds enum values of nested messages", async () => {
    const nested = `${HEAD}message Thing {
  option (cachepact.v1.entry) = {
    key: "thing:{id}" codec: CODEC_JSON framing: FRAMING_FRAMED ttl_ms: 5 announced: { enum_values: "COLOR_RED" }
  };
  string id = 1;
  repeated Part parts = 2;
}
message Part { Color color = 1; }
${COLOR}`;
    expect((await record(nested)).announced).toEqual({ enum_values: ["COLOR_RED"] });
  });
});

describe("an announcement is refused", () => {
  const refused = (name: string, proto: string, says: string): Parameters<typeof refuses>[0][number] => ({
    name,
    proto,
    at: "7: shop.v1.Thing",
    says: [says, "; "],
  });
  refuses([
    refused("when it is empty", announcing(""), "announced is empty"),
    refused(
      "of the codec that is in use",
      announcing("codec: CODEC_JSON"),
      "announced codec json is the codec already",
    ),
    refused(
      "of a codec under PLAIN",
      announcing("codec: CODEC_MSGPACK", { framing: "FRAMING_PLAIN" }),
      "a bare payload cannot name its codec",
    ),
    refused(
      "of a limit that is not larger",
      announcing("max_payload_bytes: 100"),
      "max_payload_bytes 100 is not above",
    ),
    refused("of a value in no enum", announcing('enum_values: "COLOR_BLUE"'), 'enum value "COLOR_BLUE" is in no enum'),
  ]);
});
