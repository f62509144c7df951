import type { CompileErrorCode } from "../errors.ts";
import { compare } from "../problems.ts";
import { codeOf, type Rule } from "./rules.ts";

/** Where a declaration stands: a path relative to the configuration, and a line from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** One thing that the gate found. */
export interface Finding {
  readonly rule: Rule;
  readonly code: CompileErrorCode;
  readonly verdict: "refused" | "warning";
  /** Null for what concerns no single entity. */
  readonly entity: string | null;
  /** The entity's generation in the contract that was checked. */
  readonly generation: number | null;
  /** Path of proto names from the entity's message, such as `address.street`. */
  readonly field?: string;
  readonly file?: string;
  readonly line?: number;
  /** What was found. */
  readonly change: string;
  /** Whom it would break while two releases run side by side. */
  readonly breaks: string;
  /** The way out. */
  readonly instead: string;
}

/** What a rule says of a change. */
export interface Verdict {
  readonly rule: Rule;
  /** Default `refused`. */
  readonly verdict?: Finding["verdict"];
  readonly entity?: string;
  readonly generation?: number;
  readonly field?: string;
  readonly place?: Place | undefined;
  readonly change: string;
  /** Which release had it otherwise, behind `change`; the same change against another release is no further finding. */
  readonly since?: string;
  readonly breaks: string;
  readonly instead: string;
}

/** Collects findings. Several snapshots may show the same change: it is kept once, as the first of them shows it. */
export class Findings {
  readonly #found = new Map<string, Finding>();

  add(verdict: Verdict): void {
    const { rule, entity, generation, field, place, change, breaks, instead } = verdict;
    const finding: Finding = {
      rule,
      code: codeOf(rule),
      verdict: verdict.verdict ?? "refused",
      entity: entity ?? null,
      generation: generation ?? null,
      ...(field === undefined ? {} : { field }),
      ...(place === undefined ? {} : { file: place.file, line: place.line }),
      change: `${change}${verdict.since ?? ""}`,
      breaks,
      instead,
    };
    const name = [rule, entity, field, change].join("\n");
    if (!this.#found.has(name)) this.#found.set(name, finding);
  }

  /** Refusals first, then by file, line and rule: the same order on every machine. */
  sorted(): readonly Finding[] {
    return [...this.#found.values()].toSorted(
      (a, b) =>
        compare(a.verdict, b.verdict) ||
        compare(a.file ?? "", b.file ?? "") ||
        (a.line ?? 0) - (b.line ?? 0) ||
        compare(a.entity ?? "", b.entity ?? "") ||
        compare(a.rule, b.rule) ||
        compare(a.change, b.change),
    );
  }
}

/** One line for a list of problems: place, rule, what was found, and the way out. */
export function describeFinding({ file, line, rule, entity, field, change, breaks, instead }: Finding): string {
  const place = file === undefined ? "" : `${file}:${line}: `;
  const subject = entity === null ? "" : `${field === undefined ? entity : `${entity}.${field}`}: `;
  return `${place}${subject}${change} [${rule}]; ${breaks === "" ? "" : `breaks ${breaks}; `}instead: ${instead}`;
}
