import type { EntityRecord } from "@cachepact/wire";

import { bump, type Comparison, note, since } from "./comparison.ts";
import type { Released } from "./timeline.ts";

/** A lifetime that grows or shrinks by more than this is pointed out. */
const LIFETIME_FACTOR = 2;

const WARNING = { verdict: "warning" } as const;

/** Options that entries of one generation share, whatever release wrote them. */
export function compareShape(comparison: Comparison, released: Released): void {
  const { record } = comparison;
  const old = released.record;
  const sinceThen = since(comparison, released.release);
  if (old.framing !== record.framing) {
    note(comparison, {
      rule: "framing",
      change: `framing was ${old.framing} and is ${record.framing}`,
      since: sinceThen,
      breaks:
        record.framing === "framed"
          ? "naive clients: they cannot parse a frame"
          : "programs of both releases: bare JSON loses versions, grace and not-found marks that framed entries have",
      instead:
        record.framing === "framed"
          ? `${bump(comparison)}; naive clients never see the new generation, move them to a contract first`
          : bump(comparison),
    });
  }
  if (old.version !== record.version) {
    note(comparison, {
      rule: "version",
      change: `the version was ${describe(old.version)} and is ${describe(record.version)}`,
      since: sinceThen,
      breaks:
        "writers of both releases: a version of one source is compared with another's or with none, so an old value can replace a new one",
      instead: bump(comparison),
    });
  }
  if ((old.sliding === null) !== (record.sliding === null)) {
    note(comparison, {
      rule: "sliding",
      change: `sliding expiry was ${old.sliding === null ? "off" : "on"} and is ${record.sliding === null ? "off" : "on"}`,
      since: sinceThen,
      breaks:
        "readers that slide: entries of the other release carry no created_at, so nothing bounds their age by max_ms",
      instead: bump(comparison),
    });
  }
}

/** What a proper switch to another generation still asks of those who deploy it. */
export function compareSwitch(comparison: Comparison, last: Released): void {
  const { record } = comparison;
  if (last.record.framing === "plain" && record.framing === "framed") {
    note(comparison, {
      rule: "framing",
      ...WARNING,
      change: `framing was plain and is framed under generation ${record.generation}`,
      breaks: "naive clients: they do not see the new generation and read on from the old one until it is retired",
      instead: "move them to a contract before the switch, if there are any",
    });
  }
  if (record.log !== null) {
    note(comparison, {
      rule: "worker-first",
      ...WARNING,
      change: `generation ${record.generation} of log ${record.log} is switched to`,
      breaks: "no write, but workers of the old release stop at its first event until one comes that knows it",
      instead: "deploy workers that know both generations before the first program of this release",
    });
  }
}

/** The log, which no generation separates: its stream, marks and clock are shared by all of them. */
export function compareLogs(comparison: Comparison, released: Released): void {
  const { record, timeline } = comparison;
  const old = released.record;
  if (old.log === record.log && old.partitions === record.partitions) return;
  note(comparison, {
    rule: "log",
    change: `the log was ${describeLog(old)} and is ${describeLog(record)}`,
    since: since(comparison, released.release),
    breaks:
      "writers of both releases: they number the writes of one row on two clocks in two streams, so the older one can be written last; values that are not in the table yet are invisible to the other release",
    instead: `keep it. A second entity with a log of its own takes new writes; when ${timeline.entity} is drained, mark its message deprecated, say so with cachepact snapshot --drained, and remove it`,
  });
}

/** Changes that are judged against the last release: what readers must know first, and what deserves a look. */
export function compareStaged(comparison: Comparison, last: Released): void {
  if (last.record.generation === comparison.record.generation) {
    compareCodecs(comparison, last.record);
    comparePayloadLimits(comparison, last.record);
  }
  compareReplicaReads(comparison, last.record);
  comparePromises(comparison, last.record);
  compareLifetimes(comparison, last.record);
}

function compareCodecs(comparison: Comparison, old: EntityRecord): void {
  const { codec } = comparison.record;
  if (old.codec === codec || old.announced?.codec === codec) return;
  note(comparison, {
    rule: "codec",
    change: `codec was ${old.codec} and is ${codec}, which the last release does not announce`,
    breaks:
      "old readers: one that does not have the codec finds E_CODEC, a miss at every read; all take new entries for foreign",
    instead: `release announced: { codec: CODEC_${codec.toUpperCase()} } first and change the codec in the release after, or ${bump(comparison)}`,
  });
}

function comparePayloadLimits(comparison: Comparison, old: EntityRecord): void {
  const { max_payload_bytes: limit, log } = comparison.record;
  const before = old.max_payload_bytes;
  const accepted = Math.max(before, old.announced?.max_payload_bytes ?? 0);
  if (limit > accepted) {
    note(comparison, {
      rule: "payload-limit",
      change: `max_payload_bytes was ${before} and is ${limit}, which the last release does not announce`,
      breaks:
        "old readers: a larger entry is E_SIZE, a miss at every read; of an entity with a log they then see the table's older row",
      instead: `release announced: { max_payload_bytes: ${limit} } first and raise the limit in the release after, or ${bump(comparison)}`,
    });
  } else if (limit < before && log !== null) {
    note(comparison, {
      rule: "payload-limit",
      change: `max_payload_bytes was ${before} and is ${limit}, but old programs still accept larger writes`,
      breaks:
        "new readers: an accepted write above the limit is E_SIZE, they see the table's older row until it is drained",
      instead: `keep the limit, or ${bump(comparison)}`,
    });
  } else if (limit < before) {
    note(comparison, {
      rule: "payload-limit",
      ...WARNING,
      change: `max_payload_bytes was ${before} and is ${limit}`,
      breaks: "no value: new readers take larger entries for misses, and larger values are loaded at every read",
      instead: "keep the limit if such values are common",
    });
  }
}

function compareReplicaReads(comparison: Comparison, old: EntityRecord): void {
  const { record } = comparison;
  if (record.log === null || old.replica_reads || !record.replica_reads) return;
  note(comparison, {
    rule: "replica-reads",
    change: "replica_reads is on",
    breaks:
      "new readers: workers of the old release acknowledge without leaving a floor, so a lagging replica's row is cached until the ttl",
    instead:
      record.generation === old.generation
        ? bump(comparison)
        : "switch the generation without it and turn it on in the generation after, when every worker leaves floors",
  });
}

/** What the whole fleet must do before it holds. No entry becomes unreadable. */
function comparePromises(comparison: Comparison, old: EntityRecord): void {
  const { record } = comparison;
  if (old.consistency !== record.consistency) {
    note(comparison, {
      rule: "consistency",
      ...WARNING,
      change: `consistency was ${old.consistency} and is ${record.consistency}`,
      breaks: "no entry: the promise of strong holds for a key only while every writer of it keeps it",
      instead: "rely on strong only when every process runs a release that has it",
    });
  }
  if (!old.l1 && record.l1) {
    note(comparison, {
      rule: "l1",
      ...WARNING,
      change: "l1 is on",
      breaks:
        "new readers: writers of the old release do not announce their writes, a local copy may be older for its whole l1 ttl",
      instead: "turn it on in the contract first, and use it in the release after",
    });
  }
}

function compareLifetimes(comparison: Comparison, old: EntityRecord): void {
  const { record } = comparison;
  const pairs = [
    ["ttl_ms", old.ttl_ms, record.ttl_ms],
    ["grace_ms", old.grace_ms, record.grace_ms],
    ["negative_ttl_ms", old.negative_ttl_ms, record.negative_ttl_ms],
    ["sliding.idle_ms", old.sliding?.idle_ms ?? 0, record.sliding?.idle_ms ?? 0],
    ["sliding.max_ms", old.sliding?.max_ms ?? 0, record.sliding?.max_ms ?? 0],
  ] as const;
  for (const [name, before, after] of pairs) {
    if (Math.max(before, after) <= LIFETIME_FACTOR * Math.min(before, after)) continue;
    if (name.startsWith("sliding") && (before === 0 || after === 0)) continue;
    note(comparison, {
      rule: "lifetime",
      ...WARNING,
      change: `${name} was ${before} and is ${after}`,
      breaks:
        after > before
          ? "no entry: those of this release live longer, and after a lost invalidation they are stale for longer"
          : "no entry: those of this release are loaded more often, the database sees the difference at once",
      instead: "nothing, if that is meant",
    });
  }
}

function describe(version: string | null): string {
  return version === null ? "none" : `the field ${version}`;
}

function describeLog({ log, partitions }: EntityRecord): string {
  return log === null ? "none" : `${log} with ${partitions} partitions`;
}
