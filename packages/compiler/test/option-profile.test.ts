import { describe } from "vitest";

import { type RefusedCase, refuses } from "./refused-cases.ts";
import { entity } from "./scratch-contract.ts";

const ID = "  string id = 1;";
const VERSIONED = `${ID}\n  int64 v = 2 [jstype = JS_NUMBER, (cachepact.v1.field).version = true];`;

function option(name: string, members: Readonly<Record<string, string>>, says: string, fields = ID): RefusedCase {
  return { name, proto: entity(fields, members), at: "7: shop.v1.Thing", says: [says] };
}

function unstated(name: string, field: string, at = "10: shop.v1.Thing.n"): RefusedCase {
  return { name, proto: entity(`${ID}\n  ${field}`, { framing: "FRAMING_PLAIN" }), at, says: ["jstype"] };
}

describe("an option is refused", () => {
  refuses([
    option("without a codec", { codec: "" }, "the option has no codec"),
    option("without a framing", { framing: "" }, "the option has no framing"),
    option("without a ttl", { ttl_ms: "" }, "ttl_ms is missing"),
    option(
      "with a negative ttl above the ttl",
      { negative_ttl_ms: "60001" },
      "negative_ttl_ms 60001 is above ttl_ms 60000",
    ),
    option("with a jitter of one", { jitter_ratio: "1" }, "jitter_ratio 1 is not the fraction"),
    option("with a jitter below zero", { jitter_ratio: "-0.1" }, "jitter_ratio -0.1 is not the fraction"),
    option("with a jitter that is no number", { jitter_ratio: "nan" }, "jitter_ratio NaN is not the fraction"),
    option("with an endless jitter", { jitter_ratio: "inf" }, "jitter_ratio Infinity is not the fraction"),
    option(
      "with an unknown consistency",
      { consistency: "9" },
      "consistency 9 is unknown; choose CONSISTENCY_EVENTUAL",
    ),
    option("with an unspecified codec", { codec: "CODEC_UNSPECIFIED" }, "the option has no codec"),
    option("with an unspecified framing", { framing: "FRAMING_UNSPECIFIED" }, "the option has no framing"),
    option(
      "with payloads that Redis does not take",
      { max_payload_bytes: "536870401" },
      "max_payload_bytes 536870401 is above 536870400, which is what Redis takes",
    ),
    option("with sliding but no idle time", { sliding: "{ max_ms: 5 }" }, "needs idle_ms above 0"),
    option(
      "with sliding whose cap is below its idle time",
      { sliding: "{ idle_ms: 6 max_ms: 5 }" },
      "max_ms of at least idle_ms",
    ),
    option(
      "with sliding and grace",
      { sliding: "{ idle_ms: 5 max_ms: 6 }", grace_ms: "1" },
      "sliding and grace_ms exclude each other",
    ),
    option(
      "with an announced generation that is not higher",
      { generation: "2", next_generation: "2" },
      "next_generation 2 is not above generation 2",
    ),
    option(
      "with a retired generation that is not lower",
      { generation: "2", previous_generation: "3" },
      "previous_generation 3 is not below generation 2",
    ),
    option(
      "with the retired generation 0 while it is still the one in use",
      { previous_generation: "0" },
      "previous_generation 0 is not below generation 0",
    ),
    option(
      "with an announced generation that is 0",
      { generation: "1", next_generation: "0" },
      "next_generation 0 is not above generation 1",
    ),
    option(
      "with a log and a key that its values cannot name",
      { key: '"thing:{id}:{tenant}"', params: '{ name: "tenant" type: "string" }', log: '"l"' },
      "parameter {tenant} is no field, but an entity with a log finds the key in the value",
    ),
    option("with partitions but no log", { partitions: "4" }, "partitions 4 without a log"),
    option(
      "with more partitions than two digits name",
      { log: '"l"', partitions: "101" },
      "partitions 101 is above 100",
    ),
    option(
      "with a log whose name keys cannot hold",
      { log: '"My Log"' },
      'log "My Log" is not a name that keys can hold',
    ),
    option("with a log and a version field", { log: '"l"' }, "log and a version field exclude each other", VERSIONED),
    option("with a log and no parameter", { key: '"thing"', log: '"l"' }, "needs a parameter in its key"),
    option("with a log and a hash tag", { key: '"thing:{{id}}"', log: '"l"' }, "the partition is the hash tag"),
    option(
      "with l1 and strong consistency",
      { l1: "true", consistency: "CONSISTENCY_STRONG" },
      "l1 with CONSISTENCY_STRONG is refused",
    ),
    option("with l1 and sliding", { l1: "true", sliding: "{ idle_ms: 1 max_ms: 2 }" }, "l1 with sliding is refused"),
    option("with l1 and a log", { l1: "true", log: '"l"' }, "l1 with a log is refused"),
    option("with replica reads but no versions", { replica_reads: "true" }, "replica_reads needs versions"),
    option(
      "with replica reads and strong consistency",
      { replica_reads: "true", consistency: "CONSISTENCY_STRONG" },
      "replica_reads with CONSISTENCY_STRONG is refused",
      VERSIONED,
    ),
    option(
      "of a PLAIN entity with another codec",
      { framing: "FRAMING_PLAIN", codec: "CODEC_MSGPACK" },
      "FRAMING_PLAIN needs CODEC_JSON",
    ),
    option(
      "of a PLAIN entity with a version",
      { framing: "FRAMING_PLAIN" },
      "FRAMING_PLAIN is unversioned, but v is marked",
      VERSIONED,
    ),
    option("of a PLAIN entity with grace", { framing: "FRAMING_PLAIN", grace_ms: "1" }, "FRAMING_PLAIN has no grace"),
    option(
      "of a PLAIN entity with early refresh",
      { framing: "FRAMING_PLAIN", early_refresh: "true" },
      "FRAMING_PLAIN has no early_refresh",
    ),
    option(
      "of a PLAIN entity with sliding",
      { framing: "FRAMING_PLAIN", sliding: "{ idle_ms: 1 max_ms: 2 }" },
      "FRAMING_PLAIN has no sliding",
    ),
    option(
      "of a PLAIN entity with a log",
      { framing: "FRAMING_PLAIN", log: '"l"' },
      "FRAMING_PLAIN has no write-behind log",
    ),
    option(
      "of a PLAIN entity with strong consistency",
      { framing: "FRAMING_PLAIN", consistency: "CONSISTENCY_STRONG" },
      "cannot be CONSISTENCY_STRONG",
    ),
  ]);
});

describe("a PLAIN entity is refused whose 64-bit integer does not state its JSON form", () => {
  refuses([
    unstated("a field", "int64 n = 2;"),
    unstated("a field with JS_NORMAL, which is not a statement", "int64 n = 2 [jstype = JS_NORMAL];"),
    unstated("a list", "repeated sint64 n = 2;"),
    unstated(
      "a field of a message inside",
      "Inner i = 2; message Inner { uint64 n = 1; }",
      "10: shop.v1.Thing.Inner.n",
    ),
    unstated("a map, which cannot state it", "map<string, int64> n = 2;"),
  ]);
});
