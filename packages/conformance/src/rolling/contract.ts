/** What one release's contract of the rolling tests differs in. */
export interface ContractOptions {
  /** Default 1. */
  readonly generation?: number;
  readonly next?: number;
  readonly previous?: number;
  /** Fields and the enum value that an additive release has more. */
  readonly more?: boolean;
  /** How the amount is kept: changing it is incompatible under every codec. Default `int32`. */
  readonly amount?: "int32" | "string";
  /** The codec of `Order`, else MessagePack: it changes with the generation. */
  readonly orderCodec?: "CODEC_MSGPACK" | "CODEC_PROTOBUF";
}

/** The entities of every release, by message name. */
export const MESSAGES = ["Order", "Cart", "Note", "Draft"] as const;
export type Message = (typeof MESSAGES)[number];

/**
 * The proto of one release: `Order` has a version and grace, `Cart` has neither, `Note` is JSON, `Draft` is written
 * behind.
 */
export function contractProto(options: ContractOptions = {}): string {
  const { more = false, orderCodec = "CODEC_MSGPACK" } = options;
  const common = (version: boolean, tier: boolean): string => `
  int64 id = 1 [jstype = JS_NUMBER, (cachepact.v1.field).required = true];
  int64 revision = 2 [jstype = JS_NUMBER${version ? ", (cachepact.v1.field).version = true" : ""}];
  string name = 3;
  ${options.amount ?? "int32"} amount = 4;
${tier ? "  Tier tier = 5;\n" : ""}${more ? "  optional string nickname = 6;\n  int32 points = 7;\n" : ""}`;
  return `syntax = "proto3";

package roll.v1;

import "cachepact/v1/options.proto";

message Order {
${entry(options, "order", orderCodec, "grace_ms: 60000")}${common(true, true)}}

message Cart {
${entry(options, "cart", "CODEC_PROTOBUF")}${common(false, true)}}

// No enum: under JSON a new value of one is not additive (its name means nothing to the releases before it).
message Note {
${entry(options, "note", "CODEC_JSON")}${common(false, false)}}

// No enum either: the table of a write-behind entity holds canonical JSON.
message Draft {
${entry(options, "draft", "CODEC_MSGPACK", 'log: "draft" partitions: 4')}${common(false, false)}}

enum Tier {
  TIER_UNSPECIFIED = 0;
  TIER_FREE = 1;
  TIER_PAID = 2;
${more ? "  TIER_GOLD = 3;\n" : ""}}
`;
}

function entry({ generation = 1, next, previous }: ContractOptions, name: string, codec: string, more = ""): string {
  const members = [
    `key: "${name}:{id}"`,
    `generation: ${generation}`,
    `codec: ${codec}`,
    "framing: FRAMING_FRAMED",
    "ttl_ms: 600000",
    "negative_ttl_ms: 30000",
    "max_payload_bytes: 65536",
    more,
    next === undefined ? "" : `next_generation: ${next}`,
    previous === undefined ? "" : `previous_generation: ${previous}`,
  ];
  return `  option (cachepact.v1.entry) = {\n    ${members.filter((member) => member !== "").join("\n    ")}\n  };`;
}
