import { ALL_OUTPUTS, scratch } from "./scratch-contract.ts";

/** Protos that use every type in every presence, several files and packages, and names that languages reserve. */
export const EVERYTHING: Readonly<Record<string, string>> = {
  "proto/common/v1/common.proto": `syntax = "proto3";
package common.v1;

// An address "quoted" with \\ and */ and """.
message Address {
  string street = 1;
  Kind kind = 2;

  // What it is good for.
  enum Kind {
    // Not said.
    KIND_UNSPECIFIED = 0;
    KIND_HOME = 1;
    KIND_NEGATIVE = -5;
  }

  message Point {
    double lat = 1;
    double lon = 2;
  }
  optional Point point = 3;
}

// Another package has a message of this name.
message Order {
  string note = 1;
}
`,
  "proto/shop/v1/line.proto": `syntax = "proto3";
package shop.v1;

message Line {
  message Item {
    string sku = 1;
    Line.Color color = 2;
  }

  enum Color {
    COLOR_UNSPECIFIED = 0;
    COLOR_RED = 1;
  }
}

message Request {
  oneof not_part_of_the_contract {
    float a = 1;
  }
}
`,
  "proto/shop/v1/order.proto": `syntax = "proto3";
package shop.v1;

import "cachepact/v1/options.proto";
import "common/v1/common.proto";
import "google/protobuf/timestamp.proto";
import "shop/v1/line.proto";

// An order.
//
//   It has an indented second paragraph.
//
// And a third.
message Order {
  option (cachepact.v1.entry) = {
    key: "order:all:{{id}}:{key}:{class}:{region}:{token}:{tenant}"
    generation: 3
    codec: CODEC_JSON
    framing: FRAMING_FRAMED
    ttl_ms: 60000
    params: [
      { name: "region" type: "enum" values: ["eu", "US-2"] },
      { name: "token" transforms: KEY_TRANSFORM_SHA256 },
      { name: "tenant" type: "uuid" }
    ]
  };

  int64 id = 1 [(cachepact.v1.field).required = true];
  int32 i32 = 2;
  uint32 u32 = 3;
  sint32 s32 = 4;
  uint64 u64 = 5 [jstype = JS_STRING];
  sint64 s64 = 6 [jstype = JS_NUMBER]; // stands behind its field
  bool bool = 7;
  string str = 8;
  bytes bytes = 9;
  double float = 10;
  google.protobuf.Timestamp datetime = 11;
  google.protobuf.Timestamp created_at = 12 [(cachepact.v1.field).required = true];
  common.v1.Address address = 13;
  common.v1.Order other = 14 [(cachepact.v1.field).required = true];
  optional int32 maybe_int = 15;
  optional common.v1.Address.Kind maybe_kind = 16;
  optional bytes maybe_bytes = 17;
  optional string surely = 18 [(cachepact.v1.field).required = true];
  repeated int64 list = 19;
  repeated common.v1.Address addresses = 20;
  repeated google.protobuf.Timestamp times = 21;
  repeated common.v1.Address.Kind kinds = 22;
  map<string, string> dict = 23;
  map<string, int64> counts = 24;
  map<string, common.v1.Address> by_name = 25;
  map<string, google.protobuf.Timestamp> seen = 26;
  map<string, common.v1.Address.Kind> kind_of = 27;
  string key = 28;
  string class = 29;
  string cls = 30;
  string classmethod = 31;
  string int = 32;
  string to_string = 33;
  string constructor = 34;
  Line.Item item = 35;
  Entity entity = 36;
  Empty empty = 37;
  string region = 38;
  string token = 39;
}

// Its name is one that generated code imports.
message Entity {
  string list = 1;
}

message Empty {}

message Solo {
  option (cachepact.v1.entry) = {
    key: "solo"
    codec: CODEC_JSON
    framing: FRAMING_PLAIN
    ttl_ms: 5
  };
}
`,
  "proto/class/class.proto": `syntax = "proto3";
package class;

import "cachepact/v1/options.proto";
import "shop/v1/line.proto";

message ANameThatIsTooLongForOneLineOfEitherLanguage {
  option (cachepact.v1.entry) = {
    key: "long:{first_long_parameter_name}:{second_long_parameter_name}:{import}"
    codec: CODEC_MSGPACK
    framing: FRAMING_FRAMED
    ttl_ms: 60000
    log: "long"
  };

  // "Quoted" is how it begins, and how it ends: "so".
  string first_long_parameter_name = 1;
  string second_long_parameter_name = 2;
  uint32 import = 3;
  shop.v1.Line.Item item = 4;
}
`,
};

/** The contract in a folder of its own. */
export function everything(): string {
  return scratch(EVERYTHING, ALL_OUTPUTS);
}
