import type { Message } from "./contract.ts";
import type { Release } from "./release.ts";
import type { Row } from "./row.ts";
import type { Observation, Traffic } from "./traffic.ts";

/** What the observations of a run show. Each entry of a list is a sentence about one of them. */
export interface Verdict {
  /** Older than a write that had returned before the read began. */
  readonly stale: readonly string[];
  /** Not what that revision was, as this reader's schema sees it. */
  readonly wrong: readonly string[];
  /** How often a reader saw what only a later release has, through an entry. */
  readonly sawNew: number;
  /** How often a reader that knows more than the writer saw defaults instead. */
  readonly sawDefaults: number;
}

/** Every revision of every row, by entity, key and revision; null = deleted. */
export type History = Readonly<Record<Message, ReadonlyMap<number, ReadonlyMap<number, Row | null>>>>;

/**
 * Judges every observation by the whole history. `releases`: the two that ran together: an entry that is foreign to one
 * was written by the other.
 */
export function judge({ observations }: Traffic, history: History, releases: readonly Release[]): Verdict {
  const stale: string[] = [];
  const wrong: string[] = [];
  let sawNew = 0;
  let sawDefaults = 0;
  for (const seen of observations) {
    const revisions = history[seen.message].get(seen.key) ?? new Map<number, Row | null>();
    const what = `${seen.member.name} read ${seen.message} ${seen.key} from ${seen.source}`;
    // The only leave to be late: the write is accepted, and its generation's reader could not see it in time.
    if (seen.maybeStale) continue;
    if (seen.row === null) {
      const deleted = [...revisions].some(([revision, row]) => row === null && revision >= seen.atLeast);
      if (!deleted && seen.atLeast > 0) stale.push(`${what}: nothing, after revision ${seen.atLeast}`);
      continue;
    }
    const revision = seen.message === "Draft" ? seen.version : Number(seen.row["revision"]);
    const written = revisions.get(revision);
    if (revision < seen.atLeast) stale.push(`${what}: revision ${revision}, after revision ${seen.atLeast}`);
    if (written === undefined || written === null) {
      wrong.push(`${what}: revision ${revision}, which nobody wrote`);
      continue;
    }
    const expected = expectedRow(seen, { ...written, revision: written["revision"] ?? revision }, releases);
    if (!sameRow(seen.row, expected)) {
      wrong.push(`${what}: ${JSON.stringify(seen.row)} where ${JSON.stringify(expected)} was to be seen`);
    }
    if ("nickname" in seen.row && seen.source !== "database") sawNew += 1;
    if (seen.foreign && "nickname" in written && !("nickname" in seen.row)) sawDefaults += 1;
  }
  return { stale, wrong, sawNew, sawDefaults };
}

/** The row as a reader is to see it: its schema's columns, as far as the entry's writer knew them. */
export function expectedRow(seen: Observation, written: Row, releases: readonly Release[]): Row {
  const own = fieldsOf(seen.member.release, seen.message);
  const writer = releases.find((release) => release !== seen.member.release);
  const known = seen.foreign && writer !== undefined ? fieldsOf(writer, seen.message) : own;
  const row: Record<string, string | number> = {};
  for (const [name, { type, presence }] of own) {
    const column = known.has(name) ? written[name] : undefined;
    const text = type === "string";
    if (column !== undefined) row[name] = text ? String(column) : Number(column);
    else if (presence === "implicit") row[name] = text ? "" : 0;
  }
  return row;
}

function fieldsOf(release: Release, message: Message): ReadonlyMap<string, { type: unknown; presence: string }> {
  const fields = release.entities[message]?.record.schema.fields ?? [];
  return new Map(fields.flatMap(({ name, type, presence }) => (name === "id" ? [] : [[name, { type, presence }]])));
}

export function sameRow(one: Row, other: Row): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
