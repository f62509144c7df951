import type { DescFile } from "@bufbuild/protobuf";

import { LINE_WIDTH, type LiteralSyntax } from "./literal.ts";
import { compare } from "./problems.ts";

/** How Python writes plain JSON values. */
export const PYTHON_LITERALS: LiteralSyntax = {
  key: (name) => JSON.stringify(name),
  string: (text) => JSON.stringify(text),
  null: "None",
  true: "True",
  false: "False",
  padding: "",
  indent: 4,
  splitObjectLists: false,
};

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "and as assert async await break class continue def del elif else except finally for from global if import in is " +
    "lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

// What the class of an entity defines or uses beside its fields.
const CLASS_NAMES: ReadonlySet<string> = new Set(["classmethod", "cls", "key"]);

/** A module name that Python accepts: a keyword gets an underscore. */
export function moduleName(name: string): string {
  return KEYWORDS.has(name) ? `${name}_` : name;
}

/** The module of a file: one for each package. */
export function packageModule(file: DescFile): string {
  return moduleName(file.proto.package.replaceAll(".", "_"));
}

/** The attribute of a field or key parameter. The Python runtime has the same rule: `attribute_name` in `_schema.py`. */
export function attributeName(name: string): string {
  return KEYWORDS.has(name) || CLASS_NAMES.has(name) ? `${name}_` : name;
}

/** A name in an import list. */
export function renamed(name: string, local: string): string {
  return name === local ? name : `${name} as ${local}`;
}

/** The imports of names from one module: those with another name stand apart, as ruff sorts them. */
export function importsFrom(from: string, names: readonly string[]): string[] {
  const plain = names.filter((name) => !name.includes(" as ")).toSorted(compareImported);
  const aliased = names.filter((name) => name.includes(" as "));
  const groups = [...(plain.length === 0 ? [] : [plain]), ...aliased.map((name) => [name])];
  return groups
    .toSorted(([a = ""], [b = ""]) => compareImported(a, b))
    .map((group) => {
      const line = `from ${from} import ${group.join(", ")}`;
      if (line.length <= LINE_WIDTH) return line;
      return `from ${from} import (\n${group.map((name) => `    ${name},\n`).join("")})`;
    });
}

/** Constants, then classes, then the rest; each in any case, numbers by their value, as ruff sorts them. */
function compareImported(a: string, b: string): number {
  return rank(a) - rank(b) || compare(sortKey(a), sortKey(b)) || compare(a, b);
}

function sortKey(name: string): string {
  return name.toLowerCase().replaceAll(/\d+/g, (digits) => digits.padStart(20, "0"));
}

function rank(name: string): number {
  if (name.length > 1 && name === name.toUpperCase()) return 0;
  return /^[A-Z]/.test(name) ? 1 : 2;
}

/** The first line of a struct; attributes that are named otherwise than their field are renamed. */
export function structHead(name: string, fields: readonly string[], base: string, options: readonly string[]): string {
  const renames = fields.filter((field) => attributeName(field) !== field).toSorted(compare);
  const rename = `rename={${renames.map((field) => `"${attributeName(field)}": "${field}"`).join(", ")}}`;
  const args = [base, ...options, ...(renames.length === 0 ? [] : [rename])];
  return call(`class ${name}`, args, ":").join("\n");
}

/** A call or a head with arguments, broken as ruff breaks it. */
export function call(head: string, args: readonly string[], tail: string): string[] {
  const line = `${head}(${args.join(", ")})${tail}`;
  if (line.length <= LINE_WIDTH) return [line];
  const indent = " ".repeat(head.length - head.trimStart().length);
  const together = `${indent}    ${args.join(", ")}`;
  // The only parameter of a function gets a line and a comma.
  const isAlone = args.length === 1 && head.trimStart().startsWith("def ");
  if (together.length <= LINE_WIDTH && !isAlone) return [`${head}(`, together, `${indent})${tail}`];
  return [`${head}(`, ...args.map((arg) => `${indent}    ${arg},`), `${indent})${tail}`];
}

/** A comment as the docstring of what stands above it; nothing for no lines. */
export function docstring(comment: readonly string[], depth: number): string[] {
  if (comment.length === 0) return [];
  const lines = dedented(comment).map((line) => line.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"'));
  const indent = " ".repeat(depth * 4);
  // The formatter sets a quote apart from the quotes around it.
  const first = (lines[0] ?? "").replace(/^"/, ' "');
  if (lines.length > 1) {
    return [
      `${indent}"""${first}`,
      ...lines.slice(1).map((line) => (line === "" ? "" : indent + line)),
      `${indent}"""`,
    ];
  }
  return [`${indent}"""${first}${first.endsWith('"') ? " " : ""}"""`];
}

/** As Python itself reads a docstring: what all lines but the first are indented by is no part of it. */
function dedented([first = "", ...rest]: readonly string[]): string[] {
  const indents = rest.filter((line) => line !== "").map((line) => line.length - line.trimStart().length);
  const common = Math.min(...indents);
  return [first.trimStart(), ...rest.map((line) => line.slice(common))];
}

/** A block and the empty line behind it; nothing for nothing. */
export function spaced(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? lines : [...lines, ""];
}
