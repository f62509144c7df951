import {
  type CodecField,
  type CodecFormat,
  type CodecMessage,
  isAlwaysThere,
  isShadowed,
} from "./typescript-codec-message.ts";
import { braces, call, indented } from "./typescript-layout.ts";

/** What the functions of all three formats have in common. */

/** A function, one parameter a line when its head is too long. */
export function functionText(head: string, params: readonly string[], result: string, body: readonly string[]): string {
  return [...call(`export function ${head}`, params, `: ${result} {`, 0), ...indented(body), "}"].join("\n");
}

/** The declaration of the variable that a field is read into. */
export function variable(message: CodecMessage, each: CodecField, mayBeMissing: boolean): string {
  const { field, local, type, zero } = each;
  const optional = mayBeMissing || field.presence === "optional" || zero === null;
  if (field.presence === "repeated") {
    return mayBeMissing ? `let ${local}: ${type}[] | undefined;` : `const ${local}: ${type}[] = [];`;
  }
  if (field.presence === "map") {
    if (mayBeMissing) return `let ${local}: Record<string, ${type}> | undefined;`;
    return `const ${local} = ${message.use("emptyMap")}<${type}>();`;
  }
  if (optional) return `let ${local}: ${type} | undefined;`;
  return type === "Uint8Array" ? `let ${local}: ${type} = ${message.use("noBytes")};` : `let ${local} = ${zero};`;
}

/** Abstains for required fields that were not read, and returns the value. */
export function returned(message: CodecMessage, missing: (each: CodecField) => boolean): string[] {
  const lines: string[] = [];
  for (const { local } of message.fields.filter(missing)) {
    lines.push(`if (${local} === undefined) return ${message.use("abstain")}();`);
  }
  const given = (each: CodecField): boolean => isAlwaysThere(each) || missing(each);
  const members = message.fields.filter(given).map(({ property, local }) => member(property, local));
  const optional = message.fields.filter((each) => !given(each));
  if (optional.length === 0) return [...lines, ...braces("return ", members, ";", 1)];
  lines.push(...braces(`const value: ${message.use("Draft")}<${message.type}> = `, members, ";", 1));
  for (const { property, local } of optional) lines.push(`if (${local} !== undefined) value.${property} = ${local};`);
  return [...lines, "return value;"];
}

function member(property: string, local: string): string {
  return property === local ? property : `${property}: ${local}`;
}

/** Checks a value's properties and takes them out, each once; those that may be absent at their defaults. */
export function taken(message: CodecMessage): string[] {
  const lines = [`${message.properties}.check(value);`];
  const plain = message.fields.filter((each) => !isShadowed(each));
  if (plain.length > 0)
    lines.push(
      ...braces(
        "const ",
        plain.map((each) => pattern(message, each)),
        " = value;",
        1,
      ),
    );
  for (const each of message.fields.filter(isShadowed)) {
    const fallback = defaultOf(message, each);
    const { local, property } = each;
    if (fallback === undefined) lines.push(`const ${local} = ${message.use("own")}(value, "${property}");`);
    else lines.push(`const { ${local} = ${fallback} } = { ${local}: ${message.use("own")}(value, "${property}") };`);
  }
  return lines;
}

function pattern(message: CodecMessage, each: CodecField): string {
  const fallback = defaultOf(message, each);
  const name = member(each.property, each.local);
  return fallback === undefined ? name : `${name} = ${fallback}`;
}

function defaultOf(message: CodecMessage, { field, zero, type }: CodecField): string | undefined {
  if (field.required === true || field.presence === "optional") return undefined;
  if (field.presence === "repeated") return "[]";
  if (field.presence === "map") return "{}";
  if (type === "Uint8Array") return message.use("noBytes");
  return zero ?? undefined;
}

/** The member name of a field, as source. */
export function nameOf(message: CodecMessage, each: CodecField): string {
  return `${message.members}.${each.property}`;
}

const PLAIN_METHODS: Readonly<Record<string, string>> = {
  bool: "bool",
  string: "string",
  bytes: "bytes",
  double: "double",
  timestamp: "timestamp",
};

/** The method that reads or writes a scalar or enum; only Protobuf tells sint apart from int. */
export function method({ field }: CodecField, format: CodecFormat): string {
  const { type } = field;
  if (typeof type === "object") return format === "Json" ? "enum" : "int32";
  const plain = PLAIN_METHODS[type];
  if (plain !== undefined) return plain;
  const family = format === "Protobuf" ? type : type.replace("sint", "int");
  return field.jstype === "number" ? `safe${family.slice(0, 1).toUpperCase()}${family.slice(1)}` : family;
}

/** What a map holds for `key`. */
export function entryValue({ local, functions, type }: CodecField): string {
  return functions === undefined ? `${local}[key]` : `${local}[key] as ${type}`;
}
