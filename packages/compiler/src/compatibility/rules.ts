import type { CompileErrorCode } from "../errors.ts";

/** The closed list of what the gate finds; `COMPATIBILITY.md` gives the reasoning behind each. */
export type Rule =
  | "lint"
  | "proto"
  | "generated"
  | "history"
  | "buf-breaking"
  | "entity-removed"
  | "entity-renamed"
  | "message-renamed"
  | "enum-renamed"
  | "field-removed"
  | "field-renamed"
  | "field-renumbered"
  | "number-reused"
  | "field-type"
  | "field-presence"
  | "field-cardinality"
  | "field-jstype"
  | "required-added"
  | "required-removed"
  | "enum-value-removed"
  | "enum-value-renamed"
  | "enum-value-renumbered"
  | "enum-value-added"
  | "key"
  | "key-limit"
  | "key-binding"
  | "codec"
  | "framing"
  | "payload-limit"
  | "version"
  | "log"
  | "sliding"
  | "replica-reads"
  | "consistency"
  | "l1"
  | "lifetime"
  | "worker-first"
  | "generation-decreased"
  | "generation-reused"
  | "switch-unannounced"
  | "previous-missing"
  | "previous-unknown"
  | "retired-early"
  | "drain-missing";

/** All of them, in the order in which the gate's steps find them. */
export const RULES: readonly Rule[] = [
  "lint",
  "proto",
  "generated",
  "history",
  "buf-breaking",
  "entity-removed",
  "entity-renamed",
  "message-renamed",
  "enum-renamed",
  "field-removed",
  "field-renamed",
  "field-renumbered",
  "number-reused",
  "field-type",
  "field-presence",
  "field-cardinality",
  "field-jstype",
  "required-added",
  "required-removed",
  "enum-value-removed",
  "enum-value-renamed",
  "enum-value-renumbered",
  "enum-value-added",
  "key",
  "key-limit",
  "key-binding",
  "codec",
  "framing",
  "payload-limit",
  "version",
  "log",
  "sliding",
  "replica-reads",
  "consistency",
  "l1",
  "lifetime",
  "worker-first",
  "generation-decreased",
  "generation-reused",
  "switch-unannounced",
  "previous-missing",
  "previous-unknown",
  "retired-early",
  "drain-missing",
];

/** Code of the error that a refusal under a rule is; every other rule is `E_COMPATIBILITY`. */
const CODES: Readonly<Partial<Record<Rule, CompileErrorCode>>> = {
  lint: "E_PROTO",
  proto: "E_PROTO",
  generated: "E_GENERATED",
  history: "E_HISTORY",
};

export function codeOf(rule: Rule): CompileErrorCode {
  return CODES[rule] ?? "E_COMPATIBILITY";
}
