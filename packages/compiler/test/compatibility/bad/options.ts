import type { BadEdit } from "../bad-edit.ts";

/** Options of the entry: key, codec, framing, limits, promises. */
export const OPTIONS: readonly BadEdit[] = [
  {
    name: "the key gets another literal",
    why: "neither release finds or invalidates the other's entries",
    edit: [["account", 'key: "account:{id}"', 'key: "account:all:{id}"']],
    refused: ["key account"],
    says: ["account@1:{id} became account@1:all:{id}", "a second entity"],
  },
  {
    name: "the key loses a parameter",
    why: "two rows would share an entry",
    edit: [
      ["article", 'key: "article:{region}:{slug}"', 'key: "article:{slug}"'],
      [
        "article",
        '      {\n        name: "region"\n        type: "enum"\n        values: [\n          "eu",\n          "us"\n        ]\n      },\n',
        "",
      ],
    ],
    refused: ["key article"],
    says: ["it has 1 segments instead of 2"],
  },
  {
    name: "the parameters of a key change places",
    why: "one row's key is another row's",
    edit: [["article", 'key: "article:{region}:{slug}"', 'key: "article:{slug}:{region}"']],
    refused: ["key article"],
    says: ["{slug} stands where {region} stood"],
  },
  {
    name: "the type of a key parameter changes",
    why: "the text changes: `42` and a uuid are different keys of one row",
    edit: [
      ["article", '        name: "slug"\n        max_bytes: 64\n', '        name: "slug"\n        type: "uuid"\n'],
    ],
    refused: ["key article"],
    says: ["{slug} was string and is uuid"],
  },
  {
    name: "a key parameter gets a transform",
    why: "the digest is another key",
    edit: [["article", "        max_bytes: 64\n", "        transforms: KEY_TRANSFORM_SHA256\n"]],
    refused: ["key article"],
    says: ["the transforms of {slug} changed"],
  },
  {
    name: "the hash tag of a key goes",
    why: "the key is another text, in another slot",
    edit: [["session", 'key: "session:{{user_id}}:{session_id}"', 'key: "session:{user_id}:{session_id}"']],
    refused: ["key session"],
    says: ["the hash tag of {user_id} changed"],
  },
  {
    name: "max_bytes of a key parameter is lowered",
    why: "rows with longer names are cached by old programs and cannot be named by new ones",
    edit: [["article", "        max_bytes: 64\n", "        max_bytes: 32\n"]],
    refused: ["key-limit article.slug"],
    says: ["max_bytes 64 became 32"],
  },
  {
    name: "an enum parameter becomes a string",
    why: "new programs cache rows that old ones cannot name when they write them",
    edit: [
      [
        "article",
        '        type: "enum"\n        values: [\n          "eu",\n          "us"\n        ]\n',
        '        type: "string"\n',
      ],
    ],
    refused: ["key-limit article.region"],
    says: ["enum became string", "old writers"],
  },
  {
    name: "a literal of an enum parameter goes",
    why: "entries of that region cannot be named any more, so nobody invalidates them",
    edit: [["article", '          "eu",\n          "us"\n', '          "eu"\n']],
    refused: ["key-limit article.region"],
    says: ["the values us are gone"],
  },
  {
    name: "a parameter that was declared becomes a field",
    why: "entries without the field belong to another row, as new readers see it",
    edit: [["article", "  string title = 2;", "  string title = 2;\n  string region = 6;"]],
    refused: ["key-binding article.region"],
    says: ["became a field", "E_BINDING"],
  },
  {
    name: "the key changes together with an announced generation",
    why: "invalidations of either release go to keys of its own template",
    edit: [
      ["invoice", 'key: "invoice:{number}"', 'key: "invoice:{{number}}"'],
      ["invoice", "    generation: 1\n", "    generation: 2\n"],
      ["invoice", "    next_generation: 2\n", "    previous_generation: 1\n"],
    ],
    refused: ["key invoice"],
    says: ["invoice@1:{number} became invoice@2:{{number}}"],
  },
  {
    name: "the codec changes without an announcement",
    why: "a reader that does not have it misses every time",
    edit: [
      [
        "account",
        "codec: CODEC_MSGPACK\n    framing: FRAMING_FRAMED\n    ttl_ms: 300000",
        "codec: CODEC_JSON\n    framing: FRAMING_FRAMED\n    ttl_ms: 300000",
      ],
    ],
    refused: ["codec account"],
    says: ["codec was msgpack and is json", "announced: { codec: CODEC_JSON }"],
  },
  {
    name: "the codec changes to another than the announced one",
    why: "readers were promised Protobuf",
    edit: [["invoice", "codec: CODEC_MSGPACK", "codec: CODEC_JSON"]],
    refused: ["codec order"],
    says: ["codec was msgpack and is json"],
  },
  {
    name: "max_payload_bytes is raised above what was announced",
    why: "readers of the last release take 2 MiB, not 4",
    edit: [
      ["invoice", "      max_payload_bytes: 2097152\n", ""],
      ["invoice", "    grace_ms: 600000\n", "    grace_ms: 600000\n    max_payload_bytes: 4194304\n"],
    ],
    refused: ["payload-limit order"],
    says: ["was 1048576 and is 4194304"],
  },
  {
    name: "PLAIN becomes FRAMED",
    why: "naive clients cannot parse a frame",
    edit: [["badge", "framing: FRAMING_PLAIN", "framing: FRAMING_FRAMED"]],
    refused: ["framing badge"],
    says: ["framing was plain and is framed", "naive clients"],
  },
  {
    name: "FRAMED becomes PLAIN",
    why: "not-found marks and stale times of framed entries have no place in bare JSON",
    edit: [
      ["article", "framing: FRAMING_FRAMED", "framing: FRAMING_PLAIN"],
      ["article", "uint64 views = 4;", "uint64 views = 4 [jstype = JS_STRING];"],
    ],
    refused: ["framing article"],
    says: ["framing was framed and is plain"],
  },
  {
    name: "PLAIN with grace",
    why: "a bare payload cannot say that it is stale",
    edit: [["badge", "    ttl_ms: 60000", "    ttl_ms: 60000\n    grace_ms: 1000"]],
    refused: ["proto -"],
    says: ["FRAMING_PLAIN has no grace"],
    code: "E_PROTO",
  },
  {
    name: "max_payload_bytes is raised without an announcement",
    why: "larger entries are misses for old readers, at every read",
    edit: [["account", "max_payload_bytes: 65536", "max_payload_bytes: 131072"]],
    refused: ["payload-limit account"],
    says: ["was 65536 and is 131072", "announced: { max_payload_bytes: 131072 }"],
  },
  {
    name: "max_payload_bytes of a log is lowered",
    why: "an accepted write is unreadable until it is drained, new readers see the table's older row",
    edit: [["setting", "max_payload_bytes: 16384", "max_payload_bytes: 8192"]],
    refused: ["payload-limit setting"],
    says: ["was 16384 and is 8192", "new readers"],
  },
  {
    name: "the version field is unmarked",
    why: "new writers store without a version what old writers compare by it",
    edit: [
      [
        "account",
        "    jstype = JS_NUMBER,\n    (cachepact.v1.field).version = true\n  ];",
        "    jstype = JS_NUMBER\n  ];",
      ],
    ],
    refused: ["version account"],
    says: ["the version was the field version and is none"],
  },
  {
    name: "a version field is marked",
    why: "old writers know no version, their values pass for the oldest",
    edit: [
      [
        "invoice",
        "  double total = 2;",
        "  double total = 2;\n  int64 revision = 5 [\n    jstype = JS_NUMBER,\n    (cachepact.v1.field).version = true\n  ];",
      ],
    ],
    refused: ["version invoice"],
    says: ["was none and is the field revision"],
  },
  {
    name: "the log is renamed",
    why: "one row has two streams and two clocks: the older write can be written last",
    edit: [["setting", 'log: "settings"', 'log: "preferences"']],
    refused: ["log setting"],
    says: ["settings with 16 partitions", "preferences with 16 partitions"],
  },
  {
    name: "the number of partitions changes",
    why: "a row moves to another stream while its events are in the old one",
    edit: [["setting", "partitions: 16", "partitions: 32"]],
    refused: ["log setting"],
    says: ["settings with 32 partitions"],
  },
  {
    name: "the log goes",
    why: "write-behind without a drain: accepted writes are in a stream that nobody reads",
    edit: [["setting", '    log: "settings"\n    partitions: 16\n', ""]],
    refused: ["log setting"],
    says: ["and is none", "--drained"],
  },
  {
    name: "replica_reads of a log is turned on",
    why: "old workers leave no floors, a lagging replica's row is cached",
    edit: [["setting", "    partitions: 16\n", "    partitions: 16\n    replica_reads: true\n"]],
    refused: ["replica-reads setting"],
    says: ["replica_reads is on", "without leaving a floor"],
  },
  {
    name: "sliding expiry is turned off",
    why: "old readers extend entries that carry no created_at",
    edit: [["session", "    sliding: {\n      idle_ms: 1800000\n      max_ms: 86400000\n    }\n", ""]],
    refused: ["sliding session"],
    says: ["sliding expiry was on and is off"],
  },
  {
    name: "sliding expiry is turned on",
    why: "entries of old writers carry no created_at, nothing bounds their age",
    edit: [
      [
        "article",
        "    ttl_ms: 60000",
        "    ttl_ms: 60000\n    sliding: {\n      idle_ms: 60000\n      max_ms: 120000\n    }",
      ],
    ],
    refused: ["sliding article"],
    says: ["sliding expiry was off and is on"],
  },
];
