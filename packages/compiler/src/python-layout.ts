import { LINE_WIDTH } from "./literal.ts";

/** An expression of generated Python, as far as the formatter may break it: a string stands on one line. */
export type Expression = string | Call | Comparison | Comprehension | Conditional | Group;

interface Call {
  readonly kind: "call";
  readonly head: string;
  readonly args: readonly Argument[];
}

type Argument = Expression | { readonly kind: "keyword"; readonly name: string; readonly value: Expression };

interface Comparison {
  readonly kind: "comparison";
  readonly operands: readonly string[];
}

interface Comprehension {
  readonly kind: "comprehension";
  readonly open: "[" | "{";
  /** Of a dict: what stands before the element, with its colon. */
  readonly key: string;
  readonly element: Expression;
  readonly clause: string;
}

interface Conditional {
  readonly kind: "conditional";
  readonly value: Expression;
  readonly test: Expression;
  readonly otherwise: Expression;
}

interface Group {
  readonly kind: "group";
  readonly operator: "and" | "or";
  readonly operands: readonly Expression[];
}

export function invoke(head: string, ...args: readonly Argument[]): Expression {
  return { kind: "call", head, args };
}

export function keyword(name: string, value: Expression): Argument {
  return { kind: "keyword", name, value };
}

/** `low <= value <= high`. */
export function between(low: string, value: string, high: string): Expression {
  return { kind: "comparison", operands: [low, value, high] };
}

/** `[element for item in source]`. */
export function listOf(element: Expression, clause: string): Expression {
  return { kind: "comprehension", open: "[", key: "", element, clause };
}

/** `{key: element for key, item in source}`. */
export function dictOf(key: string, element: Expression, clause: string): Expression {
  return { kind: "comprehension", open: "{", key: `${key}: `, element, clause };
}

export function conditional(value: Expression, test: Expression, otherwise: Expression): Expression {
  return { kind: "conditional", value, test, otherwise };
}

/** Operands in parentheses. */
export function group(operator: "and" | "or", operands: readonly Expression[]): Expression {
  return { kind: "group", operator, operands };
}

/** A statement around an expression, broken as ruff breaks it: outer brackets first. */
export function statement(before: string, expression: Expression, after = ""): string[] {
  return layout(before, expression, after);
}

/** `target = source`: a source without brackets of its own gets them when it needs a line of its own. */
export function assignment(target: string, source: Expression): string[] {
  if (typeof source !== "string") return layout(`${target} = `, source, "");
  const line = `${target} = ${source}`;
  const indent = " ".repeat(indentOf(target));
  const inner = `${indent}    ${source}`;
  if (line.length <= LINE_WIDTH || inner.length > LINE_WIDTH) return [line];
  return [`${target} = (`, inner, `${indent})`];
}

/** A tuple that is assigned, on one line or one member a line. */
export function tuple(target: string, members: readonly string[]): string[] {
  const line = `${target} = (${members.join(", ")})`;
  if (line.length <= LINE_WIDTH) return [line];
  const indent = " ".repeat(indentOf(target));
  return [`${target} = (`, ...members.map((member) => `${indent}    ${member},`), `${indent})`];
}

function layout(before: string, expression: Expression, after: string): string[] {
  const line = `${before}${oneLine(expression)}${after}`;
  if (line.length <= LINE_WIDTH || typeof expression === "string") return [line];
  const indent = " ".repeat(indentOf(before));
  switch (expression.kind) {
    case "call":
      return [`${before}${expression.head}(`, ...argumentLines(expression.args, `${indent}    `), `${indent})${after}`];
    case "comparison": {
      const [first = "", ...rest] = expression.operands;
      return [`${before}${first}`, ...rest.map((operand) => `${indent}<= ${operand}`)];
    }
    case "comprehension":
      return comprehensionLines(before, expression, after, indent);
    case "conditional":
      return [
        ...layout(before, expression.value, ""),
        ...layout(`${indent}if `, expression.test, ""),
        ...layout(`${indent}else `, expression.otherwise, after),
      ];
    default:
      return [`${before}(`, ...operandLines(expression, `${indent}    `), `${indent})${after}`];
  }
}

function operandLines({ operator, operands }: Group, indent: string): string[] {
  const together = `${indent}${operands.map(oneLine).join(` ${operator} `)}`;
  if (together.length <= LINE_WIDTH) return [together];
  return operands.flatMap((operand, index) => layout(`${indent}${index === 0 ? "" : `${operator} `}`, operand, ""));
}

function argumentLines(args: readonly Argument[], indent: string): string[] {
  const together = `${indent}${args.map(oneLine).join(", ")}`;
  // Arguments that share a line take no comma after the last.
  if (together.length <= LINE_WIDTH) return [together];
  return args.flatMap((argument) =>
    typeof argument === "object" && argument.kind === "keyword"
      ? layout(`${indent}${argument.name}=`, argument.value, ",")
      : layout(indent, argument, ","),
  );
}

function comprehensionLines(before: string, expression: Comprehension, after: string, indent: string): string[] {
  const { open, key, element, clause } = expression;
  const together = `${indent}    ${key}${oneLine(element)} ${clause}`;
  const inner =
    together.length <= LINE_WIDTH
      ? [together]
      : [...layout(`${indent}    ${key}`, element, ""), `${indent}    ${clause}`];
  return [`${before}${open}`, ...inner, `${indent}${closing(open)}${after}`];
}

function closing(open: "[" | "{"): string {
  return open === "[" ? "]" : "}";
}

function oneLine(expression: Argument): string {
  if (typeof expression === "string") return expression;
  switch (expression.kind) {
    case "keyword":
      return `${expression.name}=${oneLine(expression.value)}`;
    case "call":
      return `${expression.head}(${expression.args.map(oneLine).join(", ")})`;
    case "comparison":
      return expression.operands.join(" <= ");
    case "comprehension":
      return `${expression.open}${expression.key}${oneLine(expression.element)} ${expression.clause}${closing(expression.open)}`;
    case "conditional":
      return `${oneLine(expression.value)} if ${oneLine(expression.test)} else ${oneLine(expression.otherwise)}`;
    default:
      return `(${expression.operands.map(oneLine).join(` ${expression.operator} `)})`;
  }
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
