import fc from "fast-check";

/** Names that mean something to TypeScript, JavaScript or Python, and some that sort in an order of their own. */
const NAMES = [
  "zeta",
  "a",
  "b_c_d",
  "name_2",
  "created_at",
  "value_of",
  "constructor",
  "to_string",
  "has_own_property",
  "class",
  "from",
  "import",
  "key",
  "cls",
  "self",
  "async",
  "match",
  "type",
  "list",
  "dict",
  "native",
  "length",
  "prototype",
  "then",
  "record",
  "reader",
  "x",
];

/** Numbers whose tags have one to five bytes. */
const NUMBERS = [1, 2, 15, 16, 17, 2047, 2048, 18_999, 20_000, 262_143, 262_144, 536_870_911];

const LONG = ["int64", "uint64", "sint64"];

const SCALARS = [
  "int32",
  "uint32",
  "sint32",
  ...LONG,
  "bool",
  "string",
  "bytes",
  "double",
  "google.protobuf.Timestamp",
] as const;

interface Choice {
  readonly name: string;
  readonly number: number;
  /** An index into the types: scalars, then the enum, then the messages below. */
  readonly type: number;
  readonly presence: "implicit" | "optional" | "repeated" | "map";
  readonly asNumber: boolean;
  readonly required: boolean;
}

const fields: fc.Arbitrary<readonly Choice[]> = fc
  .tuple(
    fc.shuffledSubarray(NAMES, { minLength: 1, maxLength: 9 }),
    fc.shuffledSubarray(NUMBERS, { minLength: 9, maxLength: 9 }),
    fc.array(
      fc.record({
        type: fc.nat({ max: 999 }),
        presence: fc.constantFrom<Choice["presence"]>("implicit", "implicit", "optional", "repeated", "map"),
        asNumber: fc.boolean(),
        required: fc.nat({ max: 7 }).map((chance) => chance === 0),
      }),
      { minLength: 9, maxLength: 9 },
    ),
  )
  .map(([names, numbers, rest]) =>
    names.map((name, index) => ({
      ...(rest[index] as Omit<Choice, "name" | "number">),
      name,
      number: numbers[index] as number,
    })),
  );

/** One entity: its own fields and those of the two messages below it, one in the other. */
type EntityChoice = readonly [root: readonly Choice[], part: readonly Choice[], leaf: readonly Choice[], codec: string];

const entity: fc.Arbitrary<EntityChoice> = fc.tuple(
  fields,
  fields,
  fields,
  fc.constantFrom("CODEC_JSON", "CODEC_MSGPACK", "CODEC_PROTOBUF"),
);

/** The text of a random proto file of the contract profile, with `entities` entities of every allowed type. */
export function randomProto(entities: number): fc.Arbitrary<string> {
  return fc
    .array(entity, { minLength: entities, maxLength: entities })
    .map((all) =>
      [
        'syntax = "proto3";',
        "package random.v1;",
        'import "cachepact/v1/options.proto";',
        'import "google/protobuf/timestamp.proto";',
        "enum Hue {",
        "  HUE_UNSPECIFIED = 0;",
        "  HUE_RED = 1;",
        "  HUE_FAR = -3;",
        "  HUE_TOP = 2147483647;",
        "}",
        ...all.flatMap(([root, part, leaf, codec], index) => [
          ...message(`Leaf${index}`, leaf, []),
          ...message(`Part${index}`, part, [`Leaf${index}`]),
          ...message(`Random${index}`, root, [`Part${index}`, `Leaf${index}`], option(index, codec)),
        ]),
        "",
      ].join("\n"),
    );
}

function option(index: number, codec: string): string[] {
  return [
    `  option (cachepact.v1.entry) = { key: "random${index}:{row}" generation: 1 codec: ${codec}`,
    "    framing: FRAMING_FRAMED ttl_ms: 60000 };",
    "  string row = 100;",
  ];
}

function message(name: string, choices: readonly Choice[], below: readonly string[], before: string[] = []): string[] {
  const types = [...SCALARS, "Hue", ...below, ...below];
  const lines = choices.map((choice) => {
    const type = types[choice.type % types.length] as string;
    const single = below.includes(type) || type.includes(".");
    const declared = {
      implicit: type,
      optional: single ? type : `optional ${type}`,
      repeated: `repeated ${type}`,
      map: `map<string, ${type}>`,
    }[choice.presence];
    const options = [
      ...(choice.asNumber && LONG.includes(type) && choice.presence !== "map" ? ["jstype = JS_NUMBER"] : []),
      ...(choice.required && choice.presence !== "repeated" && choice.presence !== "map"
        ? ["(cachepact.v1.field).required = true"]
        : []),
    ];
    return `  ${declared} ${choice.name} = ${choice.number}${options.length === 0 ? "" : ` [${options.join(", ")}]`};`;
  });
  return [`message ${name} {`, ...before, ...lines, "}"];
}
