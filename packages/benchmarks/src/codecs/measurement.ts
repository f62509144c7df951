import type { Size } from "./user.ts";

/** What both halves, TypeScript and Python, hand to the report. Python writes it as JSON. */

export type Operation = "encode" | "decode";

/** One contender's figures for one size. */
export interface Cell {
  readonly size: Size;
  /** Mean size of an encoded user, bytes. */
  readonly bytes: number;
  /** Nanoseconds of processor time an operation, one figure a round; empty when the contender does not have the operation. */
  readonly encode: readonly number[];
  readonly decode: readonly number[];
  /** SHA-256 of the first users encoded one after the other, as hex: equal across paths and languages for ours. */
  readonly digest: string;
}

export interface Measured {
  readonly name: string;
  readonly cells: readonly Cell[];
}

/** All that one language measured in one process. */
export interface LanguageRun {
  readonly language: "TypeScript" | "Python";
  /** Runtime and libraries with their versions. */
  readonly versions: Readonly<Record<string, string>>;
  /** The first is the baseline. */
  readonly contenders: readonly Measured[];
}

/** @throws {Error} when the contender or the size was not measured */
export function cellOf(run: LanguageRun, name: string, size: Size): Cell {
  const cell = run.contenders.find((one) => one.name === name)?.cells.find((one) => one.size === size);
  if (cell !== undefined) return cell;
  throw new Error(`read a ${run.language} run: found no ${size} cell of "${name}"; measure it too`);
}
