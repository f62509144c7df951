import type { DescEnum, DescField, DescFile, DescMessage } from "@bufbuild/protobuf";

import { CompileError } from "./errors.ts";
import { lineOf, protoPathOf } from "./source.ts";

/** Collects what is wrong with the protos, so that one run reports all of it. */
export class Problems {
  readonly #found = new Map<string, { readonly file: string; readonly line: number; readonly text: string }>();
  readonly #shownPath: (protoPath: string) => string;

  /** @param shownPath turns an import path into the path that a person knows, relative to the configuration */
  constructor(shownPath: (protoPath: string) => string) {
    this.#shownPath = shownPath;
  }

  /**
   * Notes a problem of a declaration: what was found and what to do instead.
   *
   * A message that several entities share is checked for each; the same problem is kept once.
   */
  add(where: DescEnum | DescField | DescFile | DescMessage, text: string): void {
    const name =
      where.kind === "field" ? `${where.parent.typeName}.${where.name}` : where.kind !== "file" && where.typeName;
    this.addAt(protoPathOf(where), lineOf(where), name ? `${name}: ${text}` : text);
  }

  addAt(protoPath: string, line: number, text: string): void {
    const file = this.#shownPath(protoPath);
    this.#found.set(`${file}:${line}: ${text}`, { file, line, text });
  }

  get count(): number {
    return this.#found.size;
  }

  /** @throws {CompileError} `E_PROTO` when anything was noted */
  raise(): void {
    if (this.#found.size === 0) return;
    const sorted = [...this.#found.entries()].toSorted(
      ([, a], [, b]) => compare(a.file, b.file) || a.line - b.line || compare(a.text, b.text),
    );
    const attempt = `the contract cannot be compiled, ${sorted.length} ${sorted.length === 1 ? "problem" : "problems"}`;
    throw new CompileError(
      "E_PROTO",
      attempt,
      sorted.map(([line]) => line),
    );
  }
}

/** Code unit order: the same on every machine, whatever its locale. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
