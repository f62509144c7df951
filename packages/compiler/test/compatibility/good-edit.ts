import type { File, Replacement } from "./base-contract.ts";

/** One release of a good edit. */
export interface Step {
  readonly edit: readonly Replacement[];
  /** A file that is moved, and where to. */
  readonly move?: readonly [file: File, to: string];
  /** When it is judged and, but for the last step, released. */
  readonly at: string;
  /** Said when the step is released. */
  readonly drained?: readonly string[];
}

/** A change of the released contract that must pass, in as many releases as it takes. */
export interface GoodEdit {
  readonly name: string;
  readonly why: string;
  readonly steps: readonly Step[];
  /** Every warning of every step, as `rule entity.field`. */
  readonly warns: readonly string[];
}
