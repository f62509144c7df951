import { entryValue, functionText, method, nameOf, returned, taken, variable } from "./typescript-codec-function.ts";
import { byName, type CodecField, type CodecMessage } from "./typescript-codec-message.ts";
import { isRequired, type Loops, readNamedField } from "./typescript-codec-named.ts";
import { block, call, guarded } from "./typescript-layout.ts";

const LOOPS: Loops = {
  list: "for (let more = input.list(); more; more = input.element())",
  map: "for (let more = input.map(); more; more = input.entry())",
};

/** The functions that read and write a message in JSON, members by name. */
export function jsonFunctions(message: CodecMessage): readonly string[] {
  return [reader(message), writer(message)];
}

function reader(message: CodecMessage): string {
  return functionText(message.functions("read", "Json"), [`input: ${message.use("JsonInput")}`], message.type, [
    "input.enter();",
    ...message.fields.map((each) => variable(message, each, isRequired(each))),
    ...byName(message.fields).flatMap((each) => readNamedField(message, each, LOOPS, readOne(each))),
    `input.leave(${message.unknown});`,
    ...returned(message, isRequired),
  ]);
}

function readOne(each: CodecField): string {
  if (each.functions !== undefined) return `${each.functions("read", "Json")}(input)`;
  return `input.${method(each, "Json")}(${each.enumNames ?? ""})`;
}

function writer(message: CodecMessage): string {
  return functionText(
    message.functions("write", "Json"),
    [`output: ${message.use("JsonOutput")}`, `name: ${message.use("MemberName")} | null`, `value: ${message.type}`],
    "void",
    [
      ...taken(message),
      "output.openRecord(name);",
      ...byName(message.fields).flatMap((each) => writeField(message, each)),
      "output.closeRecord();",
    ],
  );
}

function writeOne(each: CodecField, name: string, value: string, depth: number): string[] {
  if (each.functions !== undefined) return call(each.functions("write", "Json"), ["output", name, value], ";", depth);
  const names = each.enumNames === undefined ? [] : [each.enumNames];
  return call(`output.${method(each, "Json")}`, [name, value, ...names], ";", depth);
}

function writeField(message: CodecMessage, each: CodecField): string[] {
  const { field, local } = each;
  const name = nameOf(message, each);
  if (field.presence === "repeated") {
    const head = `for (const one of output.openList(${name}, ${local}))`;
    return [...guarded(head, (depth) => writeOne(each, "null", "one", depth), 1), "output.closeList();"];
  }
  if (field.presence === "map") {
    return [
      ...block(`for (const key of output.openMap(${name}, ${local}))`, [
        "output.key(key);",
        ...writeOne(each, "null", entryValue(each), 2),
      ]),
      "output.closeRecord();",
    ];
  }
  if (field.presence === "optional" && field.required !== true) {
    return guarded(`if (${local} !== undefined)`, (depth) => writeOne(each, name, local, depth), 1);
  }
  return writeOne(each, name, local, 1);
}
