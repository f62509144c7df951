import type { CodecModule } from "./python-codec.ts";
import type { Member, Message } from "./python-codec-model.ts";
import { integerType } from "./python-integers.ts";
import { conditional, dictOf, type Expression, invoke, keyword, listOf, statement } from "./python-layout.ts";
import { call, structHead } from "./python-syntax.ts";

/** How one of msgspec's two codecs has a value. */
export interface WireCodec {
  readonly name: "json" | "msgpack";
  /** What the names of its structs end in. */
  readonly suffix: string;
  readonly title: string;
  /** Of the functions from and to values. */
  readonly write: "dump" | "pack";
  readonly read: "load" | "unpack";
}

export const JSON_CODEC: WireCodec = { name: "json", suffix: "Json", title: "JSON", write: "dump", read: "load" };
export const MSGPACK_CODEC: WireCodec = {
  name: "msgpack",
  suffix: "Pack",
  title: "MessagePack",
  write: "pack",
  read: "unpack",
};

/** The struct that msgspec writes and reads for a message whose class is not its own form, and the way there and back. */
export function wireForm(codec: WireCodec, message: Message, module: CodecModule): string[][] {
  if (message.isItself[codec.name]) return [];
  return [struct(codec, message, module), writer(codec, message, module), reader(codec, message, module)];
}

/** The argument of GeneratedCodec. */
export function wireFormArgument(codec: WireCodec, message: Message, module: CodecModule): Expression {
  if (message.isItself[codec.name]) return "None";
  return invoke(
    module.runtime("WireForm"),
    wireName(codec, message),
    `${codec.write}_${message.stem}`,
    `${codec.read}_${message.stem}`,
    ...(codec.name === "msgpack" && message.mayHoldLongHead ? [keyword("is_struct", "False")] : []),
  );
}

function wireName(codec: WireCodec, message: Message): string {
  return `${message.wireName}${codec.suffix}`;
}

function struct(codec: WireCodec, message: Message, module: CodecModule): string[] {
  const names = message.members.map(({ field }) => field.name);
  const isLeaf = message.members.every(({ field, kind }) => kind !== "message" && isSingle(field.presence));
  const options = ["kw_only=True", ...(isLeaf ? ["gc=False"] : [])];
  const lines = message.members.map((member) => {
    const type = memberType(codec, member, module);
    if (!member.mayBeAbsent) return `    ${member.attribute}: ${type}`;
    return `    ${member.attribute}: ${type} | ${module.msgspec("UnsetType")} = ${module.msgspec("UNSET")}`;
  });
  return [
    structHead(wireName(codec, message), names, module.msgspec("Struct"), options),
    `    """${message.name} in ${codec.title}."""`,
    ...(lines.length === 0 ? [] : ["", ...lines]),
  ];
}

function isSingle(presence: Member["field"]["presence"]): boolean {
  return presence === "implicit" || presence === "optional";
}

function memberType(codec: WireCodec, member: Member, module: CodecModule): string {
  const single = singleType(codec, member, module);
  const { imports } = module;
  if (member.field.presence === "repeated") return `${imports.builtin("list")}[${single}]`;
  if (member.field.presence === "map") return `${imports.builtin("dict")}[${imports.builtin("str")}, ${single}]`;
  return single;
}

function singleType(codec: WireCodec, member: Member, module: CodecModule): string {
  const { imports } = module;
  const isJson = codec.name === "json";
  switch (member.kind) {
    case "long":
      return isJson ? imports.builtin("str") : module.runtime(integerType(member.field).name);
    case "int":
      return module.runtime(integerType(member.field).name);
    case "enum":
      return isJson ? `${imports.builtin("str")} | ${module.runtime("Int32")}` : module.runtime("Int32");
    case "double":
      return isJson ? module.msgspec("Raw") : imports.builtin("float");
    case "timestamp":
      return isJson ? imports.builtin("str") : imports.datetime();
    case "message":
      return messageType(codec, member, module);
    case "string":
      return imports.builtin("str");
    default:
      return imports.builtin(member.kind);
  }
}

function messageType(codec: WireCodec, { message }: Member, module: CodecModule): string {
  if (message === undefined) return "None";
  if (message.isItself[codec.name]) return module.type(message.desc);
  return module.codecName(message, wireName(codec, message));
}

function writer(codec: WireCodec, message: Message, module: CodecModule): string[] {
  const type = wireName(codec, message);
  const args = message.members.map((member) => {
    const value = `value.${member.attribute}`;
    const written = convert(member, value, (item) => write(codec, member, item, module));
    if (!member.mayBeAbsent) return keyword(member.attribute, written);
    const unset = module.msgspec("UNSET");
    return keyword(member.attribute, conditional(unset, `${value} is None`, write(codec, member, value, module)));
  });
  const isMap = codec.name === "msgpack" && message.mayHaveLongHead;
  const result = isMap ? module.any() : type;
  return [
    ...call(`def ${codec.write}_${message.stem}`, [`value: ${module.type(message.desc)}`], ` -> ${result}:`),
    ...(isMap
      ? [...statement("    wire = ", invoke(type, ...args)), `    return ${module.runtime("present_members")}(wire)`]
      : statement("    return ", invoke(type, ...args))),
  ];
}

function reader(codec: WireCodec, message: Message, module: CodecModule): string[] {
  const type = module.type(message.desc);
  const args = message.members.map((member) => {
    const wire = `wire.${member.attribute}`;
    if (isSignedText(codec, member) && isSingle(member.field.presence) && !member.mayBeAbsent) {
      return keyword(member.attribute, signedText(wire, module));
    }
    const found = convert(member, wire, (item) => read(codec, member, item, module));
    if (!member.mayBeAbsent) return keyword(member.attribute, found);
    const test = `${wire} is ${module.msgspec("UNSET")}`;
    return keyword(member.attribute, conditional("None", test, read(codec, member, wire, module)));
  });
  return [
    ...call(`def ${codec.read}_${message.stem}`, [`wire: ${wireName(codec, message)}`], ` -> ${type}:`),
    ...statement("    return ", invoke(type, ...args)),
  ];
}

function isSignedText(codec: WireCodec, { kind, field }: Member): boolean {
  return codec.name === "json" && kind === "long" && field.type !== "uint64";
}

/** A signed 64-bit integer of a text: the common one, without a sign, spares a call. */
function signedText(wire: string, module: CodecModule): Expression {
  const common = invoke(module.runtime("int64_of_digits"), wire);
  return conditional(common, `${wire}.isdigit()`, invoke(module.runtime("read_int64"), wire));
}

/** A member with each of its items converted; as it is when nothing happens to them. */
export function convert({ field }: Member, source: string, item: (name: string) => Expression): Expression {
  if (isSingle(field.presence)) return item(source);
  const element = item("item");
  if (element === "item") return source;
  return field.presence === "map"
    ? dictOf("name", element, `for name, item in ${source}.items()`)
    : listOf(element, `for item in ${source}`);
}

function write(codec: WireCodec, member: Member, value: string, module: CodecModule): Expression {
  const isJson = codec.name === "json";
  switch (member.kind) {
    case "long":
      return isJson ? `f"{${value}}"` : value;
    case "double":
      return invoke(module.runtime(isJson ? "number_text" : "finite"), value);
    case "timestamp":
      return invoke(module.runtime(isJson ? "time_text" : "whole_ms"), value);
    case "enum":
      return isJson ? invoke(`${module.enumTable(member, "NAMES")}.get`, value, value) : value;
    case "message":
      return throughMessage(codec, member, codec.write, value, module);
    default:
      return value;
  }
}

function read(codec: WireCodec, member: Member, wire: string, module: CodecModule): Expression {
  const isJson = codec.name === "json";
  switch (member.kind) {
    case "long":
      return isJson
        ? invoke(module.runtime(member.field.type === "uint64" ? "read_uint64" : "read_int64"), wire)
        : wire;
    case "double":
      return invoke(module.runtime(isJson ? "read_number" : "finite"), wire);
    case "timestamp":
      return invoke(module.runtime(isJson ? "read_time" : "exact_ms"), wire);
    case "enum":
      return isJson
        ? invoke(module.runtime("read_enum"), module.enumTable(member, "JSON"), wire)
        : invoke(`${module.enumTable(member, "MEMBERS")}.get`, wire, wire);
    case "message":
      return throughMessage(codec, member, codec.read, wire, module);
    default:
      return wire;
  }
}

function throughMessage(
  codec: WireCodec,
  { message }: Member,
  action: "dump" | "load" | "pack" | "unpack",
  source: string,
  module: CodecModule,
): Expression {
  if (message === undefined || message.isItself[codec.name]) return source;
  return invoke(module.codecFunction(action, message), source);
}
