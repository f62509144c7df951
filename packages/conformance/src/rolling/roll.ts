import type { Member } from "./member-process.ts";
import type { Release } from "./release.ts";
import type { Stage } from "./stage.ts";
import { runTraffic, type Traffic } from "./traffic.ts";
import { judge, type Verdict } from "./verdict.ts";

/** How much traffic a roll sees. */
export interface RollSize {
  readonly operations: number;
  /** Rows of each entity. */
  readonly keys: number;
}

/** What came of two releases that ran together. */
export interface Rolled {
  readonly traffic: Traffic;
  readonly verdict: Verdict;
  /** Events of each member, by kind. */
  readonly counts: readonly { readonly member: Member; readonly counts: Readonly<Record<string, number>> }[];
  /** At rest: entries that are not their row's last revision, under the keys of either release. */
  readonly staleEntries: readonly string[];
  /** At rest: answers that are not the row's last revision, of any member. */
  readonly staleAnswers: readonly string[];
}

/**
 * Runs the fleets of two releases together, both reading and writing, until all calls have their answers and the log is
 * drained; then looks at rest at what Redis holds and what everybody answers.
 *
 * @param before what went before on the same rows
 */
export async function roll(
  stage: Stage,
  fleets: readonly [readonly Member[], readonly Member[]],
  size: RollSize,
  before: readonly Traffic[] = [],
): Promise<Rolled> {
  const members = fleets.flat();
  const releases = [...new Set(members.map(({ release }) => release))];
  await Promise.all(members.map((member) => member.counts()));
  const after = before.at(-1);
  const traffic = await runTraffic(members, { random: stage.random, concurrency: 24, after, ...size });
  await Promise.all(releases.map((release) => stage.drained(release)));
  const counts = await Promise.all(members.map(async (member) => ({ member, counts: await member.counts() })));
  const verdict = judge(traffic, await stage.history([...before, traffic]), releases);
  // Before anybody reads: a reader would replace what it finds missing.
  const staleEntries: string[] = [];
  for (const release of releases) staleEntries.push(...(await stage.staleEntries(release, size.keys)));
  const staleAnswers = await stage.staleAnswers(members, size.keys);
  return { traffic, verdict, counts, staleEntries, staleAnswers };
}

/** The sum of one kind of event, or of all kinds that begin with it, over the members of a release. */
export function counted({ counts }: Rolled, kind: string, release?: Release): number {
  let sum = 0;
  for (const { member, counts: events } of counts) {
    if (release !== undefined && member.release !== release) continue;
    for (const [name, count] of Object.entries(events)) if (name.startsWith(kind)) sum += count;
  }
  return sum;
}
