import { describe } from "vitest";

import { type RefusedCase, refuses } from "./refused-cases.ts";
import { entity } from "./scratch-contract.ts";

const FIELDS = `  string id = 1;
  string name = 2;
  double price = 3;
  google.protobuf.Timestamp at = 4;
  repeated string tags = 5;
  Kind kind = 6;
  int32 n = 7;
  int32 n1 = 8;
  enum Kind { KIND_UNSPECIFIED = 0; }
  map<string, string> labels = 9;
  Part part = 10;
  message Part { string a = 1; }
  optional string nick = 11;`;

function key(name: string, option: Readonly<Record<string, string>>, says: string): RefusedCase {
  return { name, proto: entity(FIELDS, option), at: "7: shop.v1.Thing", says: [says] };
}

describe("a key is refused", () => {
  refuses([
    key("that is absent", { key: "" }, "the option has no key"),
    key("of an upper-case entity", { key: '"Thing:{id}"' }, 'must begin with the entity\'s name, found "Thing"'),
    key("of an entity beyond 40 characters", { key: `"${"a".repeat(41)}:{id}"` }, "must begin with the entity's name"),
    key("that begins with a parameter", { key: '"{id}"' }, "must begin with the entity's name"),
    key("with an empty segment", { key: '"thing::{id}"' }, 'segment "" is not a literal'),
    key("with a generation in it", { key: '"thing@1:{id}"' }, "must begin with the entity's name"),
    key("with text beside a parameter", { key: '"thing:x{id}"' }, 'segment "x{id}" mixes text and braces'),
    key("with two parameters in a segment", { key: '"thing:{id}{id}"' }, "mixes text and braces"),
    key("with an open brace", { key: '"thing:{id"' }, "mixes text and braces"),
    key("with triple braces", { key: '"thing:{{{id}}}"' }, "mixes text and braces"),
    key("with a parameter that is no name", { key: '"thing:{Id}"' }, 'segment "{Id}" does not name a parameter'),
    key("with a parameter that ends in an underscore", { key: '"thing:{id_}"' }, 'segment "{id_}" does not name'),
    key("with a parameter with two underscores", { key: '"thing:{a__b}"' }, 'segment "{a__b}" does not name'),
    key(
      "with two parameters that are one property in TypeScript",
      {
        key: '"thing:{id}:{a_1}:{a1}"',
        params: '[{ name: "a_1" type: "string" }, { name: "a1" type: "string" }]',
      },
      "{a1} and {a_1} are the same property in TypeScript, a1; rename one",
    ),
    key(
      "with a parameter that is another field's property in TypeScript",
      { key: '"thing:{id}:{n_1}"', params: '{ name: "n_1" type: "string" }' },
      "{n_1} and the field n1 are the same property in TypeScript, n1; rename one",
    ),
    key("with two hash tags", { key: '"thing:{{id}}:{{name}}"' }, "has more than one {{ }}"),
    key("with one parameter twice", { key: '"thing:{id}:{id}"' }, "holds {id} twice"),
    key("with an unknown parameter", { key: '"thing:{idd}"' }, "{idd} is neither a field nor declared"),
    key("of a double", { key: '"thing:{price}"' }, "{price} is a double, which keys cannot hold"),
    key("of a timestamp", { key: '"thing:{at}"' }, "{at} is a timestamp, which keys cannot hold"),
    key("of a list", { key: '"thing:{tags}"' }, "{tags} is a repeated field, which keys cannot hold"),
    key("of an enum field", { key: '"thing:{kind}"' }, "{kind} is an enum field"),
    key("of a map", { key: '"thing:{labels}"' }, "{labels} is a map, which keys cannot hold"),
    key("of a message", { key: '"thing:{part}"' }, "{part} is a message, which keys cannot hold"),
    key(
      "of an optional field, which may be absent",
      { key: '"thing:{nick}"' },
      "{nick} is an optional field, but a key has all its parameters; remove optional, or add required = true",
    ),
    key(
      "whose literals leave no room for its parameters",
      { key: `"thing${`:${"a".repeat(40)}`.repeat(12)}:bbbbbbbbbbbbbb:{id}"` },
      "bytes, but a whole key has 512; use fewer or shorter segments",
    ),
    key(
      "whose uuids and digests leave no room",
      {
        key: `"thing${`:${"a".repeat(40)}`.repeat(11)}:{id}:{name}"`,
        params: '[{ name: "id" type: "uuid" }, { name: "name" transforms: KEY_TRANSFORM_SHA256 }]',
      },
      "its shortest key has 5",
    ),
    key("with a parameter of an unknown type", { params: '{ name: "id" type: "text" }' }, 'unknown type "text"'),
    key(
      "with a type other than the field's",
      { params: '{ name: "id" type: "int32" }' },
      "declared int32, but the field of its name is string",
    ),
    key(
      "with an undeclared parameter's declaration",
      { params: '{ name: "nope" type: "string" }' },
      'params declares "nope", which the key does not hold',
    ),
    key(
      "with a parameter declared twice",
      { params: '[{ name: "id" }, { name: "id" }]' },
      'params declares "id" twice',
    ),
    key("with an enum parameter without values", { params: '{ name: "id" type: "enum" }' }, "lists no values"),
    key(
      "with an enum parameter that needs escapes",
      { params: '{ name: "id" type: "enum" values: "a:b" }' },
      'the value "a:b", which a key would escape',
    ),
    key("with values but no enum", { params: '{ name: "id" values: "a" }' }, "lists values but is string"),
    key(
      "with a transform on an integer",
      { key: '"thing:{n}"', params: '{ name: "n" transforms: KEY_TRANSFORM_SHA256 }' },
      "transforms are for strings",
    ),
    key(
      "with an unspecified transform",
      { params: '{ name: "id" transforms: KEY_TRANSFORM_UNSPECIFIED }' },
      "has an unspecified transform",
    ),
    key(
      "with max_bytes on an integer",
      { key: '"thing:{n}"', params: '{ name: "n" max_bytes: 9 }' },
      "max_bytes is for strings and bytes",
    ),
    key(
      "with a transform twice",
      { params: '{ name: "id" transforms: [KEY_TRANSFORM_SHA256, KEY_TRANSFORM_SHA256] }' },
      "lists a transform twice",
    ),
    key(
      "with an enum value twice",
      { params: '{ name: "id" type: "enum" values: ["a", "a"] }' },
      "lists a value twice",
    ),
    key(
      "with an empty enum value",
      { params: '{ name: "id" type: "enum" values: [""] }' },
      'the value "", which a key would escape',
    ),
    key(
      "with a uuid that the field does not hold",
      { key: '"thing:{n}"', params: '{ name: "n" type: "uuid" }' },
      "declared uuid, but the field of its name is int32",
    ),
    key(
      "with max_bytes beside a digest",
      { params: '{ name: "id" max_bytes: 64 transforms: KEY_TRANSFORM_SHA256 }' },
      "max_bytes 64 beside KEY_TRANSFORM_SHA256, which has no effect, a digest has one length; remove max_bytes",
    ),
    key(
      "with max_bytes beyond a whole key",
      { params: '{ name: "id" max_bytes: 513 }' },
      "max_bytes 513, but a whole key has 512",
    ),
  ]);
});
