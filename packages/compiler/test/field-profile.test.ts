import { describe } from "vitest";

import { type RefusedCase, refuses } from "./refused-cases.ts";
import { entity } from "./scratch-contract.ts";

const ID = "  string id = 1;";
const VERSION = "(cachepact.v1.field).version = true";

// The field stands on line 10, below id.
function field(name: string, text: string, ...says: readonly string[]): RefusedCase {
  return { name, proto: entity(`${ID}\n  ${text}`), at: "10: shop.v1.Thing.f", says };
}

function named(name: string, fieldName: string): RefusedCase {
  const known = field(name, `string ${fieldName} = 2;`, "not lower_snake_case", "rename it");
  return { ...known, at: `10: shop.v1.Thing.${fieldName}` };
}

function wellKnown(file: string, type: string, remedy: string): RefusedCase {
  const known = field(type, `google.protobuf.${type} f = 2;`, `google.protobuf.${type} is refused`, remedy);
  const proto = known.proto.replace("google/protobuf/timestamp.proto", `google/protobuf/${file}.proto`);
  return { ...known, proto };
}

function declaration(name: string, text: string, ...says: readonly string[]): RefusedCase {
  return { name, proto: `${entity(`${ID}\n  Kind kind = 2;`)}${text}\n`, at: "12: shop.v1.Kind", says };
}

describe("a field is refused", () => {
  refuses([
    field("map<int64, …>", "map<int64, string> f = 2;", "map keys of type int64 are refused", "use map<string, T>"),
    field("map<uint32, …>", "map<uint32, string> f = 2;", "map keys of type uint32 are refused"),
    field("a list of float", "repeated float f = 2;", "float is refused", "use double"),
    field("an optional float", "optional float f = 2;", "float is refused", "use double"),
    field("a map of float", "map<string, float> f = 2;", "float is refused", "use double"),
    field("float", "float f = 2;", "float is refused", "use double"),
    field("fixed32", "fixed32 f = 2;", "fixed32 is refused", "use uint32"),
    field("fixed64", "optional fixed64 f = 2;", "fixed64 is refused", "use uint64"),
    field("sfixed32", "repeated sfixed32 f = 2;", "sfixed32 is refused", "use sint32"),
    field("sfixed64", "map<string, sfixed64> f = 2;", "sfixed64 is refused", "use sint64"),
    field("oneof", "oneof f_or_g { string f = 2; }", "oneof f_or_g is refused", "use optional fields"),
    field("map<int32, …>", "map<int32, string> f = 2;", "map keys of type int32 are refused", "use map<string, T>"),
    field("map<bool, …>", "map<bool, string> f = 2;", "map keys of type bool are refused", "use map<string, T>"),
    field("json_name", 'string f = 2 [json_name = "F"];', "json_name is refused", "remove it"),
    field("packed = false", "repeated int32 f = 2 [packed = false];", "packed = false is refused", "remove it"),
    field("recursion", "Thing f = 2;", "shop.v1.Thing contains itself", "store ids instead"),
    named("camelCase name", "fOo"),
    named("double underscore", "f__o"),
    field("version without jstype", `int64 f = 2 [${VERSION}];`, "a single 64-bit integer", "jstype = JS_NUMBER"),
    field("version of 32 bits", `int32 f = 2 [${VERSION}];`, "a single 64-bit integer", "jstype = JS_NUMBER"),
    field("version of a string", `string f = 2 [${VERSION}];`, "a single 64-bit integer", "jstype = JS_NUMBER"),
    field("version in a map", `map<string, string> f = 2 [${VERSION}];`, "a single 64-bit integer"),
    field("version in a list", `repeated int64 f = 2 [jstype = JS_NUMBER, ${VERSION}];`, "a single 64-bit integer"),
    wellKnown("any", "Any", "declare a message"),
    wellKnown("struct", "Struct", "declare a message"),
    wellKnown("struct", "Value", "declare a message"),
    wellKnown("struct", "ListValue", "declare a repeated field"),
    wellKnown("duration", "Duration", "_ms"),
    wellKnown("wrappers", "Int64Value", "use an optional field"),
    wellKnown("wrappers", "StringValue", "use an optional field"),
    wellKnown("wrappers", "DoubleValue", "use an optional field"),
    wellKnown("wrappers", "FloatValue", "use an optional field"),
    wellKnown("wrappers", "UInt64Value", "use an optional field"),
    wellKnown("wrappers", "Int32Value", "use an optional field"),
    wellKnown("wrappers", "UInt32Value", "use an optional field"),
    wellKnown("wrappers", "BoolValue", "use an optional field"),
    wellKnown("wrappers", "BytesValue", "use an optional field"),
    wellKnown("empty", "Empty", "declare a message of your own"),
    wellKnown("field_mask", "FieldMask", "declare a message of your own"),
  ]);
});

describe("a message is refused", () => {
  refuses([
    {
      name: "that has two version fields",
      proto: entity(`${ID}
  int64 a = 2 [jstype = JS_NUMBER, ${VERSION}];
  int64 b = 3 [jstype = JS_NUMBER, ${VERSION}];`),
      at: "11: shop.v1.Thing.b",
      says: ["a is the version already", "remove version = true here"],
    },
    {
      name: "that has a version but is no entity",
      proto: entity(`${ID}\n  Inner inner = 2;\n  message Inner { int64 v = 1 [jstype = JS_NUMBER, ${VERSION}]; }`),
      at: "11: shop.v1.Thing.Inner.v",
      says: ["only a field of the entity's own message", "remove version = true"],
    },
    {
      name: "that contains itself through others",
      proto: `${entity(`${ID}\n  A a = 2;`)}message A { repeated B bs = 1; }\nmessage B { map<string, A> as = 1; }\n`,
      at: "13: shop.v1.B.as",
      says: ["shop.v1.A contains itself"],
    },
    {
      name: "whose name is not a class name",
      proto: entity(ID).replace("message Thing", "message thing_1"),
      at: "7: shop.v1.thing_1",
      says: ["its name is not PascalCase", "rename it"],
    },
  ]);
});

describe("an enum is refused", () => {
  refuses([
    declaration(
      "without an unspecified zero",
      "enum Kind { KIND_A = 0; }",
      "its zero value is KIND_A",
      "<ENUM>_UNSPECIFIED",
    ),
    declaration(
      "with two names of one number",
      "enum Kind { option allow_alias = true; KIND_UNSPECIFIED = 0; KIND_A = 1; KIND_B = 1; }",
      "two names share a number",
      "remove allow_alias",
    ),
    declaration(
      "with lower-case values",
      "enum Kind { KIND_UNSPECIFIED = 0; kind_a = 1; }",
      "kind_a is not UPPER_SNAKE_CASE",
    ),
  ]);
});
