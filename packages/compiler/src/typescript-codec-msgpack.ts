import { entryValue, functionText, method, nameOf, returned, taken, variable } from "./typescript-codec-function.ts";
import { byName, type CodecField, type CodecMessage } from "./typescript-codec-message.ts";
import { isRequired, type Loops, readNamedField } from "./typescript-codec-named.ts";
import { block, call, guarded } from "./typescript-layout.ts";

const LOOPS: Loops = {
  list: "for (let left = input.list(); left > 0; left -= 1)",
  map: "for (let left = input.map(); left > 0; left -= 1)",
};

/** The functions that read and write a message in MessagePack, members by name. */
export function msgpackFunctions(message: CodecMessage): readonly string[] {
  return [reader(message), writer(message)];
}

function reader(message: CodecMessage): string {
  return functionText(message.functions("read", "Msgpack"), [`input: ${message.use("MsgpackInput")}`], message.type, [
    "const outer = input.enter();",
    ...message.fields.map((each) => variable(message, each, isRequired(each))),
    ...byName(message.fields).flatMap((each) => readNamedField(message, each, LOOPS, readOne(each))),
    `input.leave(outer, ${message.unknown});`,
    ...returned(message, isRequired),
  ]);
}

function readOne(each: CodecField): string {
  if (each.functions !== undefined) return `${each.functions("read", "Msgpack")}(input)`;
  return `input.${method(each, "Msgpack")}()`;
}

function writer(message: CodecMessage): string {
  const { fields } = message;
  const optional = fields.filter((each) => isOptional(each)).length;
  const fixed = fields.length - optional;
  const open =
    optional === 0
      ? [`output.record(name, ${fixed});`]
      : [`const start = output.openRecord(name, ${fields.length});`, `let count = ${fixed};`];
  return functionText(
    message.functions("write", "Msgpack"),
    [`output: ${message.use("MsgpackOutput")}`, `name: ${message.use("MemberName")} | null`, `value: ${message.type}`],
    "void",
    [
      ...taken(message),
      ...open,
      ...byName(fields).flatMap((each) => writeField(message, each)),
      ...(optional === 0 ? [] : [`output.closeRecord(start, ${fields.length}, count);`]),
    ],
  );
}

function isOptional({ field }: CodecField): boolean {
  return field.presence === "optional" && field.required !== true;
}

function writeOne(each: CodecField, name: string, value: string, depth: number): string[] {
  if (each.functions !== undefined)
    return call(each.functions("write", "Msgpack"), ["output", name, value], ";", depth);
  return call(`output.${method(each, "Msgpack")}`, [name, value], ";", depth);
}

function writeField(message: CodecMessage, each: CodecField): string[] {
  const { field, local } = each;
  const name = nameOf(message, each);
  if (field.presence === "repeated") {
    const head = `for (const one of output.list(${name}, ${local}))`;
    return guarded(head, (depth) => writeOne(each, "null", "one", depth), 1);
  }
  if (field.presence === "map") {
    return block(`for (const key of output.map(${name}, ${local}))`, [
      "output.string(null, key);",
      ...writeOne(each, "null", entryValue(each), 2),
    ]);
  }
  if (!isOptional(each)) return writeOne(each, name, local, 1);
  return block(`if (${local} !== undefined)`, ["count += 1;", ...writeOne(each, name, local, 2)]);
}
