import path from "node:path";
import type { DescFile } from "@bufbuild/protobuf";
import { LINE_WIDTH } from "./literal.ts";

/** The module with the types and entities of a proto. */
export function moduleOf(file: DescFile): string {
  return `${file.name}.ts`;
}

/** The module with the codecs of a proto's messages. */
export function codecModuleOf(file: DescFile): string {
  return `${file.name}.codec.ts`;
}

/** How one generated module names another. */
export function specifier(from: string, to: string): string {
  const relative = path.posix.relative(path.posix.dirname(from), to);
  return relative.startsWith(".") ? relative : `./${relative}`;
}

/** An import or export with its names sorted. */
export function statement(keyword: string, names: readonly string[], from: string): string {
  const sorted = names.toSorted(compareNames);
  const line = `${keyword} { ${sorted.join(", ")} } from "${from}";`;
  return line.length <= LINE_WIDTH || names.length === 1
    ? line
    : `${keyword} {\n${sorted.map((name) => `  ${name},\n`).join("")}} from "${from}";`;
}

/** The formatter's order: letter by letter, of one letter the capital first; the keyword `type` does not count. */
function compareNames(a: string, b: string): number {
  const left = a.replace(/^type /, "");
  const right = b.replace(/^type /, "");
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const one = rank(left.charAt(index));
    const other = rank(right.charAt(index));
    if (one !== other) return one < other ? -1 : 1;
  }
  return left.length - right.length;
}

function rank(letter: string): string {
  const lower = letter.toLowerCase();
  return `${lower}${letter === lower ? 1 : 0}`;
}
