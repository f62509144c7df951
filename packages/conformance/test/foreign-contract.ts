import { type ScratchContract, scratchContract } from "../src/scratch-contract.ts";

const SCALARS = [
  "int32",
  "uint32",
  "sint32",
  "int64",
  "uint64",
  "sint64",
  "bool",
  "string",
  "bytes",
  "double",
  "Mood",
  "google.protobuf.Timestamp",
  "Part",
] as const;

/** Levels of the deepest value that the wire allows. */
export const MAX_LEVELS = 32;

const HEAD = `syntax = "proto3";
package far.away.v1;
import "cachepact/v1/options.proto";
import "google/protobuf/timestamp.proto";
`;

const ENTRY = "ttl_ms: 60000";

function allTypes(): string {
  let number = 10;
  const fields = SCALARS.flatMap((type) => {
    const name = type.split(".").at(-1)?.toLowerCase() ?? "";
    const long = type.endsWith("64");
    const lines = [
      `${type} one_${name}`,
      `optional ${type} maybe_${name}`,
      `repeated ${type} many_${name}`,
      `map<string, ${type}> by_name_${name}`,
      ...(long ? [`${type} safe_${name}`, `repeated ${type} safes_${name}`] : []),
    ];
    return lines.map((line) => {
      number += 7;
      return `  ${line} = ${number}${line.includes("safe") ? " [jstype = JS_NUMBER]" : ""};`;
    });
  });
  return `message Everything {
  option (cachepact.v1.entry) = { key: "everything:{{tenant}}:all:{id}:{flag}:{token}" codec: CODEC_MSGPACK framing: FRAMING_FRAMED
    ${ENTRY} grace_ms: 1000 params: { name: "token" type: "string" transforms: KEY_TRANSFORM_SHA256 } };
  string tenant = 1;
  int64 id = 2;
  bool flag = 3;
  google.protobuf.Timestamp needed = 4 [(cachepact.v1.field).required = true];
  // Names that some language uses itself.
  string class = 5;
  string constructor = 6;
  bool native = 7;
  string f64 = 8;
${fields.join("\n")}
}
enum Mood {
  MOOD_UNSPECIFIED = 0;
  MOOD_GOOD = 5;
  MOOD_BAD = -3;
}
message Part {
  string text = 1;
  repeated sint64 deltas = 2;
  map<string, Leaf> leaves = 3;
}
message Leaf {}
`;
}

/** A message whose innermost record lies at level `levels`. */
function deep(name: string, levels: number): string {
  const below = Array.from({ length: levels - 1 }, (_, at) => at + 2);
  const messages = below.map((level) =>
    level === levels
      ? `message ${name}${level} { int32 end = 1; }`
      : `message ${name}${level} { ${name}${level + 1} next = 1; }`,
  );
  return `message ${name} {
  option (cachepact.v1.entry) = { key: "${name.toLowerCase()}:{id}" codec: CODEC_PROTOBUF framing: FRAMING_FRAMED ${ENTRY} };
  uint32 id = 2;
  ${name}2 next = 1;
}
${messages.join("\n")}
`;
}

const OTHERS = `message Plain {
  option (cachepact.v1.entry) = { key: "plain:{id}" codec: CODEC_JSON framing: FRAMING_PLAIN ${ENTRY} };
  int64 id = 1 [jstype = JS_NUMBER];
  map<string, string> names = 2;
}
message Behind {
  option (cachepact.v1.entry) = { key: "behind:{id}" generation: 3 codec: CODEC_PROTOBUF framing: FRAMING_FRAMED ${ENTRY} log: "behinds" partitions: 7 };
  string id = 1;
  map<string, double> weights = 2;
}
`;

/** Protos of a contract that nobody in this repository knows: every allowed type in every presence, and the deepest. */
export const FOREIGN_PROTOS: Readonly<Record<string, string>> = {
  "far/away/v1/everything.proto": `${HEAD}${allTypes()}`,
  "far/away/v1/deep.proto": `${HEAD}${deep("Deepest", MAX_LEVELS)}${deep("Deeper", MAX_LEVELS + 1)}`,
  "far/away/v1/others.proto": `${HEAD}${OTHERS}`,
};

/** That contract, generated; `dir` as in {@link scratchContract}. */
export function foreignContract(dir?: string): Promise<ScratchContract> {
  return scratchContract({ protos: FOREIGN_PROTOS, ...(dir === undefined ? {} : { dir }) });
}

/** A value of `Deepest` or `Deeper` whose innermost record lies at level `levels`. */
export function deepValue(levels: number, innermost: object = { end: 1 }): Readonly<Record<string, unknown>> {
  let value: object = innermost;
  for (let level = levels; level > 2; level -= 1) value = { next: value };
  return { id: 7, next: value };
}
