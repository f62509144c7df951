import type { EntityRecord } from "@cachepact/wire";

import { bump, type Comparison, note } from "./comparison.ts";
import { lifetimeMs, type Released } from "./timeline.ts";

/** How the entity's generation stands to that of the last release. */
export type Step = "same" | "switched" | "wrong";

/**
 * A generation rises in three releases: announce, switch, retire. Each lets every program that runs beside it reach the
 * entries that others still read.
 */
export function compareGenerations(comparison: Comparison, last: Released): Step {
  const step = stepOf(comparison, last);
  compareAnnouncement(comparison, last.record);
  for (const generation of leftBehind(comparison.record, last.record)) checkRetirement(comparison, generation, last);
  return step;
}

/** An entity that the last release did not have, but an earlier one did. */
export function compareReturn(comparison: Comparison): void {
  const { record, timeline } = comparison;
  if (record.generation > timeline.highest) return;
  note(comparison, {
    rule: "generation-reused",
    change: `${timeline.entity} is back with generation ${record.generation}, but ${timeline.highest} was released already`,
    breaks: "new readers: entries of its first life may still be there, and no program invalidated them in between",
    instead: `give it generation: ${timeline.highest + 1}`,
  });
}

function stepOf(comparison: Comparison, { record: old, release }: Released): Step {
  const { record } = comparison;
  const { entity, generation, previous_generation } = record;
  if (generation < old.generation) {
    note(comparison, {
      rule: "generation-decreased",
      change: `generation was ${old.generation} and is ${generation}`,
      breaks: "new readers: entries of the earlier generation were written under an older contract and may be stale",
      instead: `go on with ${old.generation}; to roll back, deploy the earlier release's code as it is`,
    });
    return "wrong";
  }
  if (generation === old.generation) {
    comparePrevious(comparison, old);
    return "same";
  }
  let step: Step = "switched";
  if (old.next_generation !== generation) {
    step = "wrong";
    note(comparison, {
      rule: "switch-unannounced",
      change: `generation was ${old.generation} and is ${generation}, but release ${release} announces ${old.next_generation ?? "none"}`,
      breaks: `new readers: programs of ${release} do not invalidate ${entity}@${generation}, so it stays stale until the ttl`,
      instead:
        old.next_generation === null
          ? bump(comparison)
          : `switch to ${old.next_generation}, or release next_generation: ${generation} first`,
    });
  }
  if (record.previous_generation !== old.generation) {
    step = "wrong";
    note(comparison, {
      rule: "previous-missing",
      change: `generation was ${old.generation} and is ${generation}, but previous_generation is ${previous_generation ?? "not set"}`,
      breaks: `old readers: programs of this release do not invalidate ${entity}@${old.generation}, so it stays stale until the ttl`,
      instead: `set previous_generation: ${old.generation}`,
    });
  }
  return step;
}

function comparePrevious(comparison: Comparison, old: EntityRecord): void {
  const { record, timeline } = comparison;
  const { previous_generation: previous } = record;
  if (previous === null || previous === old.previous_generation || timeline.under(previous).length > 0) return;
  note(comparison, {
    rule: "previous-unknown",
    change: `previous_generation is ${previous}, which no release of ${record.entity} used`,
    breaks: "nobody, but every write reaches for entries that cannot be there",
    instead: "remove previous_generation, or name the generation that is being retired",
  });
}

function compareAnnouncement(comparison: Comparison, old: EntityRecord): void {
  const { record, timeline } = comparison;
  const next = record.next_generation;
  if (next === null || next === old.next_generation || next > timeline.highest) return;
  note(comparison, {
    rule: "generation-reused",
    change: `next_generation is ${next}, but ${timeline.highest} was released already`,
    breaks: `new readers: entries of ${record.entity}@${next} were written under another contract`,
    instead: `announce ${timeline.highest + 1}`,
  });
}

/** Generations whose entries the last release invalidated and this one does not any more. */
function leftBehind(record: EntityRecord, old: EntityRecord): readonly number[] {
  const reached = [record.generation, record.next_generation, record.previous_generation];
  // The last release's own generation is previous-missing's or generation-decreased's to tell.
  return old.previous_generation === null || reached.includes(old.previous_generation) ? [] : [old.previous_generation];
}

function checkRetirement(comparison: Comparison, generation: number, last: Released): void {
  const { record, timeline, nowMs } = comparison;
  const users = timeline.under(generation);
  const successor = timeline.successorOf(generation);
  // Nobody ever used it, so nothing of it is left.
  if (users.length === 0 || successor === undefined) return;
  const name = `${timeline.entity}@${generation}`;
  const lifetime = Math.max(...users.map((user) => lifetimeMs(user.record)));
  const gone = successor.atMs + lifetime;
  if (nowMs < gone) {
    note(comparison, {
      rule: "retired-early",
      change: `generation ${generation} is retired, but release ${successor.release} left it at ${iso(successor.atMs)} and its entries live ${lifetime} ms`,
      breaks: `old readers, and whoever rolls back: entries of ${name} are still there and this release does not invalidate them`,
      instead: `keep previous_generation: ${generation} until ${iso(gone)}, and until no program of a release before ${successor.release} runs`,
    });
  }
  if (timeline.past.some((each) => each.record.log !== null) && !timeline.isDrained(generation)) {
    note(comparison, {
      rule: "drain-missing",
      change: `generation ${generation} of log ${record.log ?? last.record.log} is retired, but no snapshot says that it is drained`,
      breaks: `workers of this release: they stop at the first event of ${name}, and accepted writes do not reach the database`,
      instead: `when no event of ${name} is left in any stream: cachepact snapshot --drained ${name} --release NAME, then retire it`,
    });
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
