import type { CodecModule } from "./python-codec.ts";
import { itemName, type Member, type Message } from "./python-codec-model.ts";
import { integerType } from "./python-integers.ts";
import { between, type Expression, group, invoke, statement, tuple } from "./python-layout.ts";
import { call } from "./python-syntax.ts";

/** `check_<message>`: raises on a value that is not plainly right; what the writers check themselves is left to them. */
export function checkFunction(message: Message, module: CodecModule): string[] {
  const { members } = message;
  const conditions = members.flatMap((member) => conditionsOf(member, module));
  const unusual = `raise ${module.runtime("UnusualError")}`;
  const type = module.type(message.desc);
  const test: readonly string[] =
    conditions.length === 0
      ? [`    if type(value) is not ${type}:`]
      : statement("    if not ", group("and", [`type(value) is ${type}`, ...conditions]), ":");
  return [
    ...call(`def check_${message.stem}`, [`value: ${type}`], " -> bool:"),
    `    """Check what will be written, and tell whether all its text is ASCII."""`,
    ...test,
    `        ${unusual}`,
    ...asciiLines(members, module),
  ];
}

function conditionsOf(member: Member, module: CodecModule): Expression[] {
  const value = `value.${member.attribute}`;
  const { presence } = member.field;
  if (presence === "repeated") return [`type(${value}) is list`, ...manyConditions(member, value, module)];
  if (presence === "map") return [`type(${value}) is dict`, ...manyConditions(member, `${value}.values()`, module)];
  const conditions = singleConditions(member, value, module);
  if (conditions.length === 0 || !member.mayBeAbsent) return member.kind === "string" ? [] : conditions;
  const [first = "", ...rest] = conditions;
  return [group("or", [`${value} is None`, rest.length === 0 ? first : group("and", conditions)])];
}

function singleConditions(member: Member, value: string, module: CodecModule): Expression[] {
  switch (member.kind) {
    case "int":
    case "long":
      return [`type(${value}) is int`, inRange(member, value)];
    case "enum":
      return [`type(${value}) in ${module.enumTable(member, "KINDS")}`, inRange(member, value)];
    case "bool":
    case "bytes":
      return [`type(${value}) is ${member.kind}`];
    case "string":
      return [`type(${value}) is str`];
    default:
      return [];
  }
}

function inRange(member: Member, value: string): Expression {
  const { low, high } = integerType(member.field);
  return between(low, value, high);
}

function manyConditions(member: Member, values: string, module: CodecModule): Expression[] {
  const { low, high } = integerType(member.field);
  switch (member.kind) {
    case "int":
    case "long":
      return [invoke(module.runtime("are_integers"), values, low, high)];
    case "enum":
      return [invoke(module.runtime("are_integers"), values, low, high, module.enumTable(member, "KINDS"))];
    case "bool":
    case "bytes":
      return [invoke(module.runtime("are_all"), values, member.kind)];
    default:
      return [];
  }
}

/** Joining texts also finds what is no text. */
function asciiLines(members: readonly Member[], module: CodecModule): string[] {
  const texts = members.flatMap(textsOf);
  const maps = members.filter(({ field }) => field.presence === "map");
  const children = members.flatMap((member) => childLines(member, module));
  if (texts.length === 0 && children.length === 0) return ["    return True"];
  const orders = maps.map(({ attribute }) => `        ${module.runtime("demand_map_order")}(value.${attribute})`);
  return [
    ...joinedLines(texts),
    ...(orders.length === 0 ? [] : ["    if not is_ascii:", ...orders]),
    ...children,
    "    return is_ascii",
  ];
}

function joinedLines(texts: readonly string[]): string[] {
  const [only = ""] = texts;
  if (texts.length === 0) return ["    is_ascii = True"];
  if (texts.length > 1) return [...tuple("    texts", texts), `    is_ascii = "".join(texts).isascii()`];
  if (only.startsWith("*")) return [`    is_ascii = "".join(${only.slice(1)}).isascii()`];
  return [`    is_ascii = str.isascii(${only})`];
}

function textsOf({ attribute, kind, field, mayBeAbsent }: Member): string[] {
  const value = `value.${attribute}`;
  const isText = kind === "string";
  switch (field.presence) {
    case "map":
      return [`*${value}`, ...(isText ? [`*${value}.values()`] : [])];
    case "repeated":
      return isText ? [`*${value}`] : [];
    default:
      return isText ? [mayBeAbsent ? `${value} or ""` : value] : [];
  }
}

function childLines(member: Member, module: CodecModule): string[] {
  if (member.message === undefined) return [];
  const check = module.codecFunction("check", member.message);
  const value = `value.${member.attribute}`;
  const item = itemName(member);
  switch (member.field.presence) {
    case "repeated":
      return [`    for ${item} in ${value}:`, `        is_ascii &= ${check}(${item})`];
    case "map":
      return [`    for ${item} in ${value}.values():`, `        is_ascii &= ${check}(${item})`];
    default:
      return member.mayBeAbsent
        ? [`    if ${value} is not None:`, `        is_ascii &= ${check}(${value})`]
        : [`    is_ascii &= ${check}(${value})`];
  }
}
