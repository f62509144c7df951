import { GHOST, type Replacement } from "../base-contract.ts";
import type { GoodEdit, Step } from "../good-edit.ts";

const LATER = "2026-01-03T01:00:00Z";

function once(...edit: readonly Replacement[]): readonly Step[] {
  return [{ edit, at: LATER }];
}

const SWITCH_INVOICE: readonly Replacement[] = [
  ["invoice", "    generation: 1\n", "    generation: 2\n"],
  ["invoice", "    next_generation: 2\n", "    previous_generation: 1\n"],
];

/** Changes that two releases can live with side by side. */
export const GOOD_EDITS: readonly GoodEdit[] = [
  { name: "nothing", why: "the released contract is compatible with itself", steps: once(), warns: [] },
  {
    name: "an optional field is added",
    why: "old readers pass over it, new readers find it absent",
    steps: once(["account", "  bool active = 11;", "  bool active = 11;\n  optional string plan = 15;"]),
    warns: [],
  },
  {
    name: "an implicit, a repeated, a map and a message field are added",
    why: "as optional ones",
    steps: once([
      "account",
      "  bool active = 11;",
      "  bool active = 11;\n  int32 points = 15;\n  repeated string tags = 16;\n  map<string, int64> counts = 17;\n  Address billing = 18;",
    ]),
    warns: [],
  },
  {
    name: "an optional field is added to a nested message, with an entity of PLAIN beside it",
    why: "also naive clients pass over members that they do not know",
    steps: once(
      ["account", "  string city = 2;", "  string city = 2;\n  optional string zip = 3;"],
      ["badge", "  string text = 2;", "  string text = 2;\n  optional string color = 4;"],
    ),
    warns: [],
  },
  {
    name: "an enum value is added to a Protobuf and a MessagePack entity",
    why: "numbers are kept by readers that have no name for them",
    steps: once(
      ["session", "  LEVEL_PASSWORD = 1;", "  LEVEL_PASSWORD = 1;\n  LEVEL_OTP = 2;"],
      ["account", "  STATUS_CLOSED = 2;", "  STATUS_CLOSED = 2;\n  STATUS_LOCKED = 3;"],
    ),
    warns: ["enum-value-added account.status", "enum-value-added session.level"],
  },
  {
    name: "an enum value is announced in JSON, and written in the release after",
    why: "every reader knows the name before anybody writes it",
    steps: [
      {
        edit: [
          ["article", "  KIND_ESSAY = 2;", "  KIND_ESSAY = 2;\n  KIND_REVIEW = 3;"],
          [
            "article",
            "    ttl_ms: 60000\n",
            '    ttl_ms: 60000\n    announced: {\n      enum_values: "KIND_REVIEW"\n    }\n',
          ],
        ],
        at: LATER,
      },
      {
        edit: [["article", '    announced: {\n      enum_values: "KIND_REVIEW"\n    }\n', ""]],
        at: "2026-01-04T00:00:00Z",
      },
    ],
    warns: [],
  },
  {
    name: "a codec is announced, and used in the release after",
    why: "every reader has it before anybody writes it",
    steps: [
      {
        edit: [
          [
            "account",
            "    grace_ms: 60000\n",
            "    grace_ms: 60000\n    announced: {\n      codec: CODEC_PROTOBUF\n    }\n",
          ],
        ],
        at: LATER,
      },
      {
        edit: [
          ["account", "    announced: {\n      codec: CODEC_PROTOBUF\n    }\n", ""],
          [
            "account",
            "codec: CODEC_MSGPACK\n    framing: FRAMING_FRAMED\n    ttl_ms: 300000",
            "codec: CODEC_PROTOBUF\n    framing: FRAMING_FRAMED\n    ttl_ms: 300000",
          ],
        ],
        at: "2026-01-04T00:00:00Z",
      },
    ],
    warns: [],
  },
  {
    name: "a larger max_payload_bytes is announced, and used in the release after",
    why: "readers of the announcing release take the larger entries already",
    steps: [
      {
        edit: [
          [
            "setting",
            "    max_payload_bytes: 16384\n",
            "    max_payload_bytes: 16384\n    announced: {\n      max_payload_bytes: 32768\n    }\n",
          ],
        ],
        at: LATER,
      },
      {
        edit: [
          [
            "setting",
            "    max_payload_bytes: 16384\n    announced: {\n      max_payload_bytes: 32768\n    }\n",
            "    max_payload_bytes: 32768\n",
          ],
        ],
        at: "2026-01-04T00:00:00Z",
      },
    ],
    warns: [],
  },
  {
    name: "max_payload_bytes is lowered",
    why: "larger entries are misses and bypass the cache; no value is lost",
    steps: once(["account", "max_payload_bytes: 65536", "max_payload_bytes: 32768"]),
    warns: ["payload-limit account"],
  },
  {
    name: "comments, the order of fields, and a mark of personal data",
    why: "nothing of it is on the wire",
    steps: once(
      ["account", "  int32 logins = 3;\n", ""],
      [
        "account",
        "  string email = 2 ",
        "  // How often.\n  int32 logins = 3;\n  // Where letters go.\n  string email = 2 ",
      ],
      ["account", "  string city = 2;", "  string city = 2 [(cachepact.v1.field).pii = true];"],
    ),
    warns: [],
  },
  {
    name: "a file is moved",
    why: "buf and we compare messages by their names, wherever they stand",
    steps: [{ edit: [], move: ["badge", "proto/badges/v1/emblem.proto"], at: LATER }],
    warns: [],
  },
  {
    name: "ttl, jitter and negative ttl change a little",
    why: "only new entries are hit",
    steps: once([
      "account",
      "    ttl_ms: 300000\n",
      "    ttl_ms: 400000\n    jitter_ratio: 0.2\n    negative_ttl_ms: 20000\n",
    ]),
    warns: [],
  },
  {
    name: "ttl grows tenfold, negative ttl with it",
    why: "safe, but worth a look",
    steps: once(["badge", "    ttl_ms: 60000\n", "    ttl_ms: 600000\n    negative_ttl_ms: 90000\n"]),
    warns: ["lifetime badge", "lifetime badge"],
  },
  {
    name: "strong consistency and a local copy are turned on",
    why: "no entry is hit; the promise needs the whole fleet",
    steps: once(
      [
        "invoice",
        "    ttl_ms: 3600000\n    next_generation: 2\n",
        "    ttl_ms: 3600000\n    next_generation: 2\n    consistency: CONSISTENCY_STRONG\n",
      ],
      ["badge", "    ttl_ms: 60000\n", "    ttl_ms: 60000\n    l1: true\n"],
    ),
    warns: ["consistency invoice", "l1 badge"],
  },
  {
    name: "required is dropped from an implicit field",
    why: "it is written in every entry anyway",
    steps: once([
      "account",
      "    jstype = JS_NUMBER,\n    (cachepact.v1.field).required = true\n",
      "    jstype = JS_NUMBER\n",
    ]),
    warns: [],
  },
  {
    name: "a deprecated field is removed, its number and name reserved",
    why: "the last release stopped to read it",
    steps: once(
      ["account", "  string fax = 13 [deprecated = true];\n", ""],
      ["account", '  reserved 20;\n  reserved "nickname";', '  reserved 13, 20;\n  reserved "fax", "nickname";'],
    ),
    warns: [],
  },
  {
    name: "a deprecated entity is removed",
    why: "no program of the last release uses it",
    steps: once([
      "account",
      `message Relic {
  option deprecated = true;
  option (cachepact.v1.entry) = {
    key: "relic:{id}"
    codec: CODEC_MSGPACK
    framing: FRAMING_FRAMED
    ttl_ms: 60000
  };
  string id = 1;
  Address address = 2;
}
`,
      "",
    ]),
    warns: [],
  },
  {
    name: "a new entity",
    why: "nothing of it is in Redis",
    steps: once([
      "badge",
      "message Badge {",
      'message Medal {\n  option (cachepact.v1.entry) = {\n    key: "medal:{id}"\n    codec: CODEC_JSON\n    framing: FRAMING_FRAMED\n    ttl_ms: 60000\n  };\n  string id = 1;\n}\n\nmessage Badge {',
    ]),
    warns: [],
  },
  {
    name: "an entity comes back under a new generation",
    why: "nothing of its first life has these keys",
    steps: once([
      "badge",
      "message Badge {",
      `${GHOST.replace("  option deprecated = true;\n", "").replace("    codec", "    generation: 1\n    codec")}message Badge {`,
    ]),
    warns: [],
  },
  {
    name: "a wider key parameter: max_bytes raised, a literal more",
    why: "the new rows were in nobody's reach before",
    steps: once(
      ["article", "max_bytes: 64", "max_bytes: 128"],
      ["article", '          "us"\n', '          "us",\n          "jp"\n'],
    ),
    warns: [],
  },
  {
    name: "an announced switch with another schema, another codec and a marked version",
    why: "the new generation has entries of its own, and both releases invalidate both",
    steps: once(
      ...SWITCH_INVOICE,
      [
        "invoice",
        "  double total = 2;",
        "  reserved 2;\n  int64 total_cents = 5;\n  int64 revision = 6 [\n    jstype = JS_NUMBER,\n    (cachepact.v1.field).version = true\n  ];",
      ],
      ["invoice", "codec: CODEC_JSON", "codec: CODEC_PROTOBUF"],
      ["invoice", "message Invoice {", "message Bill {"],
    ),
    warns: [],
  },
  {
    name: "a whole bump: announce, switch, retire",
    why: "three releases, each of which reaches what the ones beside it read",
    steps: [
      { edit: [["badge", "    ttl_ms: 60000\n", "    ttl_ms: 60000\n    next_generation: 1\n"]], at: LATER },
      {
        edit: [
          ["badge", "    next_generation: 1\n", "    generation: 1\n    previous_generation: 0\n"],
          ["badge", "framing: FRAMING_PLAIN", "framing: FRAMING_FRAMED"],
          ["badge", "  string text = 2;", "  bytes text = 2;"],
        ],
        at: "2026-01-04T00:00:00Z",
      },
      { edit: [["badge", "    previous_generation: 0\n", ""]], at: "2026-01-04T00:01:00Z" },
    ],
    warns: ["framing badge"],
  },
  {
    name: "write-behind: a field is added",
    why: "readers pass over it; only an old worker must not be the one that writes it",
    steps: once(["setting", "  string theme = 2;", "  string theme = 2;\n  optional string font = 4;"]),
    warns: ["worker-first setting.font"],
  },
  {
    name: "write-behind: announced and switched",
    why: "one stream, each event with its generation; no worker passes over one that it does not know",
    steps: [
      {
        edit: [["setting", '    log: "settings"\n', '    log: "settings"\n    next_generation: 2\n']],
        at: LATER,
      },
      {
        edit: [
          [
            "setting",
            '    log: "settings"\n    next_generation: 2\n',
            '    log: "settings"\n    previous_generation: 1\n',
          ],
          ["setting", "    generation: 1\n", "    generation: 2\n"],
          ["setting", "  string theme = 2;", "  bytes theme = 2;"],
        ],
        at: "2026-01-04T00:00:00Z",
      },
    ],
    warns: ["worker-first setting"],
  },
  {
    name: "an old generation is retired when its entries are gone",
    why: "1.1.0 switched; ttl and grace have passed since",
    steps: [{ edit: [["invoice", "    previous_generation: 1\n", ""]], at: "2026-01-03T00:00:00Z" }],
    warns: [],
  },
  {
    name: "write-behind: drained, said so, retired",
    why: "no event of the old generation is left for a worker to stop at",
    steps: [
      { edit: [], at: LATER, drained: ["cart@1"] },
      { edit: [["setting", "    previous_generation: 1\n", ""]], at: "2026-01-03T02:00:00Z" },
    ],
    warns: [],
  },
  {
    name: "write-behind: deprecated, drained, removed",
    why: "no program writes it, no event is left",
    steps: [
      { edit: [["setting", "message Setting {", "message Setting {\n  option deprecated = true;"]], at: LATER },
      { edit: [], at: "2026-01-03T02:00:00Z", drained: ["setting@1"] },
      {
        edit: [
          ["setting", "  option deprecated = true;\n", ""],
          ["setting", "message Setting {", "message Choice {"],
          ["setting", 'key: "setting:{user_id}"', 'key: "choice:{user_id}"'],
          ["setting", 'log: "settings"', 'log: "choices"'],
        ],
        at: "2026-01-03T03:00:00Z",
      },
    ],
    warns: [],
  },
  {
    name: "an announcement is withdrawn",
    why: "nobody has written the announced generation",
    steps: once(["invoice", "    next_generation: 2\n", ""]),
    warns: [],
  },
];
