import { LINE_WIDTH } from "./literal.ts";

/** Generated statements, broken into lines as the formatter breaks them. Lines come without their indentation. */

const INDENT = "  ";

/** Lines one level deeper. */
export function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === "" ? "" : `${INDENT}${line}`));
}

function fits(line: string, depth: number): boolean {
  return depth * INDENT.length + line.length <= LINE_WIDTH;
}

/** `head(arguments)tail`, one argument a line when they do not fit on one. */
export function call(head: string, args: readonly string[], tail: string, depth: number): string[] {
  const line = `${head}(${args.join(", ")})${tail}`;
  if (fits(line, depth) || args.length === 0) return [line];
  return [`${head}(`, ...indented(args.map((arg) => `${arg},`)), `)${tail}`];
}

/** `head { members } tail`; nothing between the braces when there are no members. */
export function braces(head: string, members: readonly string[], tail: string, depth: number): string[] {
  if (members.length === 0) return [`${head}{}${tail}`];
  const line = `${head}{ ${members.join(", ")} }${tail}`;
  if (fits(line, depth)) return [line];
  return [`${head}{`, ...indented(members.map((member) => `${member},`)), `}${tail}`];
}

/** `head statement` on one line, or with the statement in braces below its head. */
export function guarded(head: string, body: (depth: number) => readonly string[], depth: number): string[] {
  const lines = body(depth + 1);
  const line = `${head} ${lines[0]}`;
  if (lines.length === 1 && fits(line, depth)) return [line];
  return block(head, lines);
}

export function block(head: string, body: readonly string[]): string[] {
  return [`${head} {`, ...indented(body), "}"];
}
