import type { EntityRecord } from "@cachepact/wire";

import type { History } from "../history.ts";
import type { Comparison } from "./comparison.ts";
import type { Declarations } from "./declarations.ts";
import { compareLogs, compareShape, compareStaged, compareSwitch } from "./entry-changes.ts";
import type { Findings } from "./finding.ts";
import { compareGenerations, compareReturn } from "./generation-changes.ts";
import { compareKeys } from "./key-changes.ts";
import { compareSchemas } from "./schema-changes.ts";
import { Timeline } from "./timeline.ts";

/** A contract beside all that was released before it. */
export interface Contracts {
  readonly entities: readonly EntityRecord[];
  /** Of the contract that is checked. */
  readonly current: Declarations;
  /** Of the last release. */
  readonly baseline: Declarations;
  readonly history: History;
  readonly nowMs: number;
}

/**
 * Compares every entity with every live snapshot of it: each release of its generation, and the last one.
 * @returns full names of the messages whose generation rose as it should: buf may not hold their old form against them
 */
export function compareContracts(contracts: Contracts, findings: Findings): ReadonlySet<string> {
  const { entities, history } = contracts;
  const moved = new Set<string>();
  for (const record of entities) {
    const timeline = new Timeline(record.entity, history.releases);
    if (timeline.past.length === 0) continue;
    const message = compareEntity({ ...contracts, record, timeline, findings });
    if (message !== undefined) moved.add(message);
  }
  compareRemoved(contracts, findings);
  return moved;
}

/** @returns the name that the message had in the last release, when its generation rose as it should */
function compareEntity(comparison: Comparison): string | undefined {
  const { record, timeline } = comparison;
  const { last } = timeline;
  if (last === undefined) {
    compareReturn(comparison);
    return undefined;
  }
  const step = compareGenerations(comparison, last);
  // The newest first: a change is told against the release that most programs run.
  const live = timeline.past
    .filter((each) => each === last || each.record.generation === record.generation)
    .toReversed();
  for (const released of live) {
    compareKeys(comparison, released);
    compareLogs(comparison, released);
    if (released.record.generation !== record.generation) continue;
    compareShape(comparison, released);
    compareSchemas(comparison, released);
  }
  compareStaged(comparison, last);
  if (step === "switched") compareSwitch(comparison, last);
  return step === "switched" ? last.record.schema.message : undefined;
}

/** Entities that the last release had and this contract has not. */
function compareRemoved({ entities, baseline, current, history }: Contracts, findings: Findings): void {
  const last = history.releases.at(-1);
  for (const old of Object.values(last?.lock.entities ?? {})) {
    if (entities.some(({ entity }) => entity === old.entity)) continue;
    const { entity, generation, schema, log } = old;
    const place = current.placeOfMessage(schema.message);
    const about = { entity, generation, place };
    if (!baseline.isDeprecatedMessage(schema.message)) {
      const successor = entities.find((record) => record.schema.message === schema.message);
      findings.add({
        ...about,
        rule: successor === undefined ? "entity-removed" : "entity-renamed",
        change:
          successor === undefined
            ? `entity ${entity} is gone, but no release marked its message deprecated`
            : `entity ${entity} is called ${successor.entity}`,
        breaks:
          "old readers and writers: programs of this release do not invalidate its entries, so they stay stale until the ttl",
        instead:
          successor === undefined
            ? "release the message with option deprecated = true, stop to use the entity, then remove it"
            : "keep the name; a second entity beside it takes over, written and invalidated together with it, until this one is deprecated and removed",
      });
    }
    if (log === null) continue;
    const timeline = new Timeline(entity, history.releases);
    for (const used of new Set(timeline.past.map(({ record }) => record.generation))) {
      // The last generation is written until the programs of the last release are gone; earlier ones since the switch.
      const isDrained =
        used === generation ? last?.drained.includes(`${entity}@${used}`) === true : timeline.isDrained(used);
      if (isDrained) continue;
      findings.add({
        ...about,
        generation: used,
        rule: "drain-missing",
        change: `entity ${entity} is gone, but no snapshot says that generation ${used} of its log ${log} is drained`,
        breaks: "workers of this release: accepted writes of it stay in the stream and do not reach the database",
        instead: `when no event of it is left in any stream of ${log}: cachepact snapshot --drained ${entity}@${used} --release NAME, then remove it`,
      });
    }
  }
}
