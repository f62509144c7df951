import type { Replacement } from "./base-contract.ts";

/** A change of the released contract that must not pass. */
export interface BadEdit {
  readonly name: string;
  /** What would happen in production. */
  readonly why: string;
  readonly edit: readonly Replacement[];
  /** Every refusal, as `rule entity.field`: no more, no fewer. buf's own findings name no entity. */
  readonly refused: readonly string[];
  /** Parts of the text of the first of them. */
  readonly says: readonly string[];
  /** When it is judged, if not an hour after the last release. */
  readonly now?: string;
  /** Code of the refusals, if not E_COMPATIBILITY. */
  readonly code?: "E_PROTO";
}
