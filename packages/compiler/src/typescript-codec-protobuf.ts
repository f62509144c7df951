import { entryValue, functionText, method, returned, taken, variable } from "./typescript-codec-function.ts";
import type { CodecField, CodecMessage } from "./typescript-codec-message.ts";
import { block, call, guarded } from "./typescript-layout.ts";

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;

/** Tags of the key and, without its wire type, the value of a map's entry. */
const KEY_TAG = 10;
const VALUE_NUMBER = 2;

function wireOf({ field }: CodecField): number {
  if (typeof field.type === "object") return "enum" in field.type ? VARINT : DELIMITED;
  if (field.type === "double") return FIXED64;
  return field.type === "string" || field.type === "bytes" || field.type === "timestamp" ? DELIMITED : VARINT;
}

function tagOf(number: number, wire: number): number {
  return ((number << 3) | wire) >>> 0;
}

function isPacked(each: CodecField): boolean {
  return each.field.presence === "repeated" && wireOf(each) !== DELIMITED;
}

/** The functions that read and write a message in Protobuf, fields by ascending number. */
export function protobufFunctions(message: CodecMessage): readonly string[] {
  return [reader(message), writer(message)];
}

function reader(message: CodecMessage): string {
  // Protobuf leaves defaults out: only an optional field can be missing.
  const missing = ({ field }: CodecField): boolean => field.required === true && field.presence === "optional";
  return functionText(
    message.functions("read", "Protobuf"),
    [`input: ${message.use("ProtobufInput")}`, "outer: number"],
    message.type,
    [
      ...message.fields.map((each) => variable(message, each, false)),
      ...message.fields.flatMap((each) => [...givenUpBefore(message, each), ...readField(message, each)]),
      `input.leave(outer, ${message.unknown});`,
      ...returned(message, missing),
    ],
  );
}

/** Numbers that were given up, as far as they lie between a field and the one before it. */
function givenUpBefore({ fields, reserved }: CodecMessage, { field }: CodecField): string[] {
  const behind = Math.max(0, ...fields.filter((each) => each.field.number < field.number).map(numberOf));
  return reserved.numbers
    .map(([first, last]) => [Math.max(first, behind + 1), Math.min(last, field.number - 1)] as const)
    .filter(([first, last]) => first <= last)
    .map(([first, last]) => `input.givenUp(${first}, ${last});`);
}

function numberOf({ field }: CodecField): number {
  return field.number;
}

function readOne(each: CodecField): string {
  if (each.functions !== undefined) return `${each.functions("read", "Protobuf")}(input, input.enter())`;
  return `input.${method(each, "Protobuf")}()`;
}

function readField(message: CodecMessage, each: CodecField): string[] {
  const { field, local } = each;
  if (isPacked(each)) {
    return block(`while (input.tag(${tagOf(field.number, DELIMITED)}))`, [
      "const list = input.enter();",
      `while (input.more()) ${local}.push(${readOne(each)});`,
      "input.leave(list, null);",
    ]);
  }
  if (isStringMap(each)) return [`while (input.tag(${tagOf(field.number, DELIMITED)})) input.stringEntry(${local});`];
  if (field.presence === "map") return readMap(message, each);
  const head = `(input.tag(${tagOf(field.number, wireOf(each))}))`;
  if (field.presence === "repeated") return guarded(`while ${head}`, () => [`${local}.push(${readOne(each)});`], 1);
  return guarded(`if ${head}`, () => [`${local} = ${readOne(each)};`], 1);
}

/** The most frequent kind of map, for which the runtime has a way of its own. */
function isStringMap({ field }: CodecField): boolean {
  return field.presence === "map" && field.type === "string";
}

function readMap(message: CodecMessage, each: CodecField): string[] {
  const absent = each.functions === undefined ? (each.zero ?? "0") : `${message.use("abstain")}()`;
  const fallback = each.type === "Uint8Array" ? message.use("noBytes") : absent;
  return block(`while (input.tag(${tagOf(each.field.number, DELIMITED)}))`, [
    "const entry = input.enter();",
    `const key = input.tag(${KEY_TAG}) ? input.key() : "";`,
    `${each.local}[key] = input.tag(${tagOf(VALUE_NUMBER, wireOf(each))}) ? ${readOne(each)} : ${fallback};`,
    "input.leave(entry, null);",
  ]);
}

function writer(message: CodecMessage): string {
  return functionText(
    message.functions("write", "Protobuf"),
    [`output: ${message.use("ProtobufOutput")}`, "tag: number", `value: ${message.type}`],
    "void",
    [
      ...taken(message),
      "const start = output.open(tag);",
      ...message.fields.flatMap((each) => writeField(each)),
      "output.close(start);",
    ],
  );
}

function writeOne(each: CodecField, tag: number, value: string, depth: number): string[] {
  if (each.functions !== undefined) {
    return call(each.functions("write", "Protobuf"), ["output", String(tag), value], ";", depth);
  }
  return call(`output.${method(each, "Protobuf")}`, [String(tag), value], ";", depth);
}

function writeField(each: CodecField): string[] {
  const { field, local, type } = each;
  const tag = tagOf(field.number, wireOf(each));
  if (isPacked(each)) {
    return block(`if (output.list(${local}).length > 0)`, [
      `const list = output.open(${tagOf(field.number, DELIMITED)});`,
      ...guarded(`for (const one of ${local})`, (depth) => writeOne(each, 0, "one", depth), 2),
      "output.close(list);",
    ]);
  }
  switch (field.presence) {
    case "repeated":
      return guarded(`for (const one of output.list(${local}))`, (depth) => writeOne(each, tag, "one", depth), 1);
    case "map":
      if (isStringMap(each)) {
        const head = `for (const key of output.map(${local}))`;
        const args = [String(tag), "key", `${local}[key]`];
        return guarded(head, (depth) => call("output.stringEntry", args, ";", depth), 1);
      }
      return block(`for (const key of output.map(${local}))`, [
        `const entry = output.open(${tagOf(field.number, DELIMITED)});`,
        `output.string(${KEY_TAG}, key);`,
        ...writeOne(each, tagOf(VALUE_NUMBER, wireOf(each)), entryValue(each), 2),
        "output.close(entry);",
      ]);
    case "optional":
      // Without a check, so that the writer abstains when a required one is absent.
      if (field.required === true) return writeOne(each, tag, local, 1);
      return guarded(`if (${local} !== undefined)`, (depth) => writeOne(each, tag, local, depth), 1);
    default:
      if (type === "Uint8Array") return call("output.implicitBytes", [String(tag), local], ";", 1);
      return guarded(`if (${local} !== ${each.zero})`, (depth) => writeOne(each, tag, local, depth), 1);
  }
}
