/** Printed lines end before this column, as the formatters of both languages have it. */
export const LINE_WIDTH = 120;

/** How a language writes plain JSON values. */
export interface LiteralSyntax {
  readonly key: (name: string) => string;
  readonly string: (text: string) => string;
  readonly null: string;
  readonly true: string;
  readonly false: string;
  /** Between a brace of an object on one line and its members. */
  readonly padding: string;
  /** Spaces of one level. */
  readonly indent: number;
  /** Whether a list of two or more objects of two or more members is never put on one line (prettier, biome). */
  readonly splitObjectLists: boolean;
}

/**
 * Prints a plain JSON value as the language's formatter would: on one line if it fits, else one member a line.
 * @param column where the literal begins on its line
 * @param depth levels of indentation of that line
 * @param reserve columns that follow the literal on its last line
 */
export function literal(value: unknown, syntax: LiteralSyntax, column: number, depth: number, reserve = 0): string {
  const line = oneLine(value, syntax);
  if (typeof value !== "object" || value === null || isEmpty(value)) return line;
  if (column + line.length + reserve <= LINE_WIDTH && !mustSplit(value, syntax)) return line;
  const inner = " ".repeat((depth + 1) * syntax.indent);
  const outer = " ".repeat(depth * syntax.indent);
  const member = (prefix: string, item: unknown): string =>
    `${inner}${prefix}${literal(item, syntax, inner.length + prefix.length, depth + 1, 1)},\n`;
  if (Array.isArray(value)) return `[\n${value.map((item) => member("", item)).join("")}${outer}]`;
  const members = Object.entries(value).map(([name, item]) => member(`${syntax.key(name)}: `, item));
  return `{\n${members.join("")}${outer}}`;
}

function oneLine(value: unknown, syntax: LiteralSyntax): string {
  if (value === null || value === undefined) return syntax.null;
  if (value === true) return syntax.true;
  if (value === false) return syntax.false;
  if (typeof value === "string") return syntax.string(value);
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => oneLine(item, syntax)).join(", ")}]`;
  const members = Object.entries(value).map(([name, item]) => `${syntax.key(name)}: ${oneLine(item, syntax)}`);
  return members.length === 0 ? "{}" : `{${syntax.padding}${members.join(", ")}${syntax.padding}}`;
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

function mustSplit(value: unknown, syntax: LiteralSyntax): boolean {
  if (!syntax.splitObjectLists || typeof value !== "object" || value === null) return false;
  if (!Array.isArray(value)) return Object.values(value).some((item) => mustSplit(item, syntax));
  const objects = value.length > 1 && value.every((item) => isObject(item) && Object.keys(item).length > 1);
  return objects || value.some((item) => mustSplit(item, syntax));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
