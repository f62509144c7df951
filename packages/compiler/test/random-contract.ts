import fc from "fast-check";

/** Names that sort in an order of their own, that languages reserve, and that generated functions use themselves. */
const NAMES =
  "zeta a b_c_d name_2 created_at value_of constructor to_string has_own_property class import key value input output list entry tag outer left count one start more name own abstain read_leaf0_json leaf0_members new default_value prototype a_rather_long_name_of_a_field_that_has_more_than_thirty_one_letters".split(
    " ",
  );

/** Numbers whose tags have one to five bytes. */
const NUMBERS = [2, 3, 15, 16, 17, 2047, 2048, 262_143, 262_144, 536_870_911];

const SCALARS = "int32 uint32 sint32 int64 uint64 sint64 bool string bytes double google.protobuf.Timestamp".split(" ");
const LONG: ReadonlySet<string> = new Set(["int64", "uint64", "sint64"]);

interface Shape {
  readonly name: string;
  readonly presence: "" | "optional" | "repeated" | "map";
  readonly type: number;
  readonly asNumber: boolean;
  readonly required: boolean;
}

const shape = (name: string): fc.Arbitrary<Shape> =>
  fc.record({
    name: fc.constant(name),
    presence: fc.constantFrom("", "optional", "repeated", "map"),
    type: fc.nat(),
    asNumber: fc.boolean(),
    required: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  });

const shapes: fc.Arbitrary<readonly Shape[]> = fc
  .shuffledSubarray(NAMES, { minLength: 0, maxLength: 9 })
  .chain((names) => fc.tuple(...names.map(shape)));

function fieldText(each: Shape, number: number, types: readonly string[]): string {
  const type = types[each.type % types.length] as string;
  const options = [
    ...(each.asNumber && LONG.has(type) && each.presence !== "map" ? ["jstype = JS_NUMBER"] : []),
    ...(each.required && (each.presence === "" || each.presence === "optional")
      ? ["(cachepact.v1.field).required = true"]
      : []),
  ];
  const single = type === "google.protobuf.Timestamp" || /Leaf/.test(type);
  const presence = each.presence === "optional" && single ? "" : `${each.presence} `;
  const declared = each.presence === "map" ? `map<string, ${type}>` : `${presence}${type}`;
  return `  ${declared} ${each.name} = ${number}${options.length === 0 ? "" : ` [${options.join(", ")}]`};`;
}

function fieldsText(all: readonly Shape[], types: readonly string[]): string {
  return all.map((each, index) => fieldText(each, NUMBERS[index] as number, types)).join("\n");
}

const HEAD = `import "cachepact/v1/options.proto";
import "google/protobuf/timestamp.proto";
`;

const LEAVES = 5;

/** How many optional members `Wide` has: more than the shortest head of a MessagePack map counts. */
export const WIDE = 20;

const wide = `message Wide {
  option (cachepact.v1.entry) = { key: "wide:{id}" codec: CODEC_MSGPACK framing: FRAMING_FRAMED ttl_ms: 1000 };
  int64 id = 1 [jstype = JS_NUMBER];
${Array.from({ length: WIDE }, (_, index) => `  optional int32 o${index} = ${index + 2};`).join("\n")}
}
`;

/** Two files: messages that hold each other, and `entities` entities that hold them, beside the entity `wide`. */
export function randomProtos(seed: number, entities: number): Readonly<Record<string, string>> {
  const all = fc.sample(shapes, { seed, numRuns: LEAVES + entities });
  const leaves = all.slice(0, LEAVES).map((fields, index) => {
    // Each may hold those before it, never itself.
    const types = [...SCALARS, "Tint", ...Array.from({ length: index }, (_, earlier) => `Leaf${earlier}`)];
    return `message Leaf${index} {\n${fieldsText(fields, types)}\n}\n`;
  });
  const types = [...SCALARS, "leaf.v1.Tint", ...Array.from({ length: LEAVES }, (_, index) => `leaf.v1.Leaf${index}`)];
  const messages = all.slice(LEAVES).map(
    (fields, index) => `message Root${index} {
  option (cachepact.v1.entry) = {
    key: "root${index}x:{id}" codec: CODEC_MSGPACK framing: FRAMING_FRAMED ttl_ms: 1000
  };
  int64 id = 1 [jstype = JS_NUMBER];
${fieldsText(fields, types)}
}
`,
  );
  const tint = "enum Tint {\n  TINT_UNSPECIFIED = 0;\n  TINT_RED = 1;\n  TINT_FAR = -3;\n}\n";
  return {
    "leaf/v1/leaf.proto": `syntax = "proto3";\npackage leaf.v1;\n${HEAD}${tint}${leaves.join("\n")}`,
    "root/v1/root.proto": `syntax = "proto3";\npackage root.v1;\n${HEAD}import "leaf/v1/leaf.proto";\n${messages.join("\n")}${wide}`,
  };
}
