import type { EntityRecord } from "@cachepact/wire";

import type { Declarations } from "./declarations.ts";
import type { Findings, Verdict } from "./finding.ts";
import type { Timeline } from "./timeline.ts";

/** What every rule of one entity looks at. */
export interface Comparison {
  /** The entity in the contract that is checked. */
  readonly record: EntityRecord;
  readonly timeline: Timeline;
  /** Of the contract that is checked. */
  readonly current: Declarations;
  /** Of the last release. */
  readonly baseline: Declarations;
  readonly nowMs: number;
  readonly findings: Findings;
}

/** Notes a verdict on the entity, at its message unless another place is given. */
export function note(comparison: Comparison, verdict: Verdict): void {
  const { record, current, findings } = comparison;
  const place = verdict.place ?? current.placeOfMessage(record.schema.message);
  findings.add({ entity: record.entity, generation: record.generation, ...verdict, place });
}

/** The way out that is always there: the same change, under another generation. */
export function bump({ record, timeline }: Comparison): string {
  const last = timeline.last?.record ?? record;
  const announced = last.next_generation;
  if (announced !== null) {
    return `${last.entity}@${announced} is announced: make the change together with generation: ${announced} previous_generation: ${last.generation}`;
  }
  const next = Math.max(timeline.highest, last.generation) + 1;
  return `bump the generation: release next_generation: ${next} first, then the change with generation: ${next} previous_generation: ${last.generation}, and drop previous_generation when the old entries are gone`;
}

/** `(as released in 1.2.0)`, for changes against older releases than the last. */
export function since(comparison: Comparison, release: string): string {
  return comparison.timeline.last?.release === release ? "" : ` (as released in ${release})`;
}
