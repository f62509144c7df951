import type { CodecModule } from "./python-codec.ts";
import { itemName, type Member, type Message } from "./python-codec-model.ts";
import { convert } from "./python-codec-wire.ts";
import {
  assignment,
  conditional,
  dictOf,
  type Expression,
  invoke,
  keyword,
  listOf,
  statement,
} from "./python-layout.ts";
import { call } from "./python-syntax.ts";

/** `fill_<message>` and `copy_<message>`: from a value into a message of the Protobuf library, and back. */
export function protobufForm(message: Message, module: CodecModule): string[][] {
  return [fillFunction(message, module), copyFunction(message, module)];
}

/** The argument of GeneratedCodec. */
export function protobufFormArgument(message: Message, module: CodecModule): Expression {
  return invoke(module.runtime("ProtobufForm"), `fill_${message.stem}`, `copy_${message.stem}`);
}

function fillFunction(message: Message, module: CodecModule): string[] {
  const parameters = [`message: ${module.any()}`, `value: ${module.type(message.desc)}`];
  return [
    ...call(`def fill_${message.stem}`, parameters, " -> None:"),
    `    """Write a value into a message, in the order of field numbers."""`,
    ...message.members
      .toSorted((a, b) => a.field.number - b.field.number)
      .flatMap((member) => fillLines(member, module)),
  ];
}

function fillLines(member: Member, module: CodecModule): string[] {
  const target = `message.${member.attribute}`;
  const value = `value.${member.attribute}`;
  if (member.field.presence === "repeated") return fillList(member, target, value, module);
  if (member.field.presence === "map") {
    return [
      ...statement("    for name in ", invoke("sorted", value), ":"),
      `        entry = ${target}.add()`,
      "        entry.key = name",
      ...fillSingle(member, "        ", "entry.value", `${value}[name]`, module),
    ];
  }
  if (!member.mayBeAbsent) return fillSingle(member, "    ", target, value, module);
  return [`    if ${value} is not None:`, ...fillSingle(member, "        ", target, value, module)];
}

function fillList(member: Member, target: string, value: string, module: CodecModule): string[] {
  if (member.kind !== "message" && member.kind !== "timestamp") {
    const items = member.kind === "double" ? listOf(write(member, "item", module), `for item in ${value}`) : value;
    return statement("    ", invoke(`${target}.extend`, items));
  }
  const item = itemName(member);
  return [
    `    add = ${target}.add`,
    `    for ${item} in ${value}:`,
    `        ${fillCall(member, module)}(add(), ${item})`,
  ];
}

function fillSingle(member: Member, indent: string, target: string, value: string, module: CodecModule): string[] {
  if (member.kind === "timestamp") return statement(indent, invoke(fillCall(member, module), target, value));
  if (member.kind !== "message") return assignment(`${indent}${target}`, write(member, value, module));
  // An empty message is there when it says so.
  return [`${indent}${target}.SetInParent()`, ...statement(indent, invoke(fillCall(member, module), target, value))];
}

function fillCall({ message }: Member, module: CodecModule): string {
  return message === undefined ? module.runtime("put_time") : module.codecFunction("fill", message);
}

function write({ kind }: Member, value: string, module: CodecModule): Expression {
  return kind === "double" ? invoke(module.runtime("finite"), value) : value;
}

function copyFunction(message: Message, module: CodecModule): string[] {
  const type = module.type(message.desc);
  const args = message.members.map((member) => keyword(member.attribute, copied(member, module)));
  return [
    ...call(`def copy_${message.stem}`, [`message: ${module.any()}`], ` -> ${type}:`),
    ...statement("    return ", invoke(type, ...args)),
  ];
}

function copied(member: Member, module: CodecModule): Expression {
  const source = `message.${member.attribute}`;
  switch (member.field.presence) {
    case "repeated": {
      const items = convert(member, source, (item) => read(member, item, module));
      return items === source ? invoke("list", source) : items;
    }
    case "map":
      return dictOf("entry.key", read(member, "entry.value", module), `for entry in ${source}`);
    case "optional": {
      const otherwise = member.mayBeAbsent ? "None" : `${module.runtime("unusual")}()`;
      return conditional(read(member, source, module), invoke("message.HasField", `"${member.attribute}"`), otherwise);
    }
    default:
      return read(member, source, module);
  }
}

function read(member: Member, source: string, module: CodecModule): Expression {
  switch (member.kind) {
    case "double":
      return invoke(module.runtime("finite"), source);
    case "timestamp":
      return invoke(module.runtime("take_time"), source);
    case "enum":
      return invoke(`${module.enumTable(member, "MEMBERS")}.get`, source, source);
    case "int":
      return member.field.jstype === "number" ? invoke(module.runtime("safe_int"), source) : source;
    case "message":
      return member.message === undefined ? source : invoke(module.codecFunction("copy", member.message), source);
    default:
      return source;
  }
}
