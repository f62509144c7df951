import type { ScalarType } from "@cachepact/wire";
import type { LiteralSyntax } from "./literal.ts";

/** The TypeScript types of scalars; 64-bit integers with JS_NUMBER are `number`. */
export const SCALARS: Readonly<Record<ScalarType, string>> = {
  int32: "number",
  uint32: "number",
  sint32: "number",
  int64: "bigint",
  uint64: "bigint",
  sint64: "bigint",
  bool: "boolean",
  string: "string",
  bytes: "Uint8Array",
  double: "number",
  timestamp: "number",
};

/** How plain values stand in TypeScript. */
export const SYNTAX: LiteralSyntax = {
  key: (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)),
  string: (text) => JSON.stringify(text),
  null: "null",
  true: "true",
  false: "false",
  padding: " ",
  indent: 2,
  splitObjectLists: true,
};
