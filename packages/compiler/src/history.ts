import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

import type { ContractLock } from "@cachepact/wire";
import { type Config, shown } from "./config.ts";
import { CompileError } from "./errors.ts";
import { jcs } from "./jcs.ts";
import { compare } from "./problems.ts";

/** Descriptors of the last release, for buf: the one file of a history that is not JSON. */
export const BASELINE_FILE = "baseline.binpb";

const RELEASE_FILE = /^\d{4,}-.+\.json$/;

const RESTORE = "restore the folder from version control, only cachepact snapshot writes it";

/** One released contract, as its file in the history holds it. */
export interface Release {
  readonly format: 1;
  /** From 1, without gaps. */
  readonly sequence: number;
  /** The name that `snapshot` was given, such as `1.4.0`. */
  readonly release: string;
  /** When the snapshot was taken, ISO 8601 in UTC with milliseconds. */
  readonly at: string;
  /** Digest of the release before; null for the first. */
  readonly previous: string | null;
  /** SHA-256 of the descriptors of this release, which `baseline.binpb` holds as long as it is the last. */
  readonly baseline: string;
  /** Generations whose write-behind events were gone at that time, as `entity@generation`: said by the operator. */
  readonly drained: readonly string[];
  /** The lock of the release. */
  readonly lock: ContractLock;
  /** SHA-256 of the JCS form of all members above. */
  readonly digest: string;
}

/** The released contracts, oldest first. */
export interface History {
  readonly releases: readonly Release[];
  /** Descriptors of the last release; undefined when there is none. */
  readonly baseline: Uint8Array | undefined;
}

/** What a release holds before its digest is known. */
export type ReleaseContent = Omit<Release, "digest">;

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The text of a release's file. */
export function releaseText(content: ReleaseContent): string {
  return `${jcs({ ...content, digest: sha256(jcs(content)) })}\n`;
}

export function releaseFileName({ sequence, release }: Pick<Release, "sequence" | "release">): string {
  return `${String(sequence).padStart(4, "0")}-${release}.json`;
}

/**
 * Reads the snapshots and makes sure that they are what `snapshot` wrote.
 * @throws {CompileError} `E_HISTORY` with every file that was edited, is missing or does not belong there
 */
export function readHistory(config: Pick<Config, "folder" | "history">): History {
  const folder = config.history;
  if (folder === undefined || !existsSync(folder)) return { releases: [], baseline: undefined };
  if (!statSync(folder).isDirectory()) {
    throw new CompileError("E_CONFIG", "the history cannot be read", [
      `${shown(config, folder)}: is a file; name a folder as "history", or move the file away`,
    ]);
  }
  const problems: string[] = [];
  const note = (name: string, found: string): void => {
    problems.push(`${shown(config, path.join(folder, name))}: ${found}`);
  };
  const names = readdirSync(folder).toSorted(compare);
  for (const name of names) {
    if (RELEASE_FILE.test(name) || name === BASELINE_FILE || !/\.(json|binpb)$/.test(name)) continue;
    note(name, `is no snapshot; move it away, or ${RESTORE}`);
  }
  const releases: Release[] = [];
  // After a file that cannot be trusted, nothing can be said of what follows it.
  let before: Release | null | undefined;
  for (const name of names.filter((each) => RELEASE_FILE.test(each)).toSorted(bySequence)) {
    const release = readRelease(path.join(folder, name));
    if (typeof release === "string") {
      note(name, release);
      before = null;
      continue;
    }
    const found = before === null ? undefined : misplaced(release, name, before);
    if (found !== undefined) note(name, found);
    before = release;
    releases.push(release);
  }
  const baseline = before === null ? undefined : readBaseline(path.join(folder, BASELINE_FILE), before);
  if (typeof baseline === "string") note(BASELINE_FILE, baseline);
  if (problems.length > 0) {
    throw new CompileError("E_HISTORY", "the released contracts cannot be read, what they hold was changed", problems);
  }
  return { releases, baseline: typeof baseline === "string" ? undefined : baseline };
}

function readRelease(file: string): Release | string {
  const text = readFileSync(file, "utf8").trimEnd();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return `is not JSON; ${RESTORE}`;
  }
  if (!isRelease(json)) return `is not a snapshot of format 1; ${RESTORE}, or upgrade this tool`;
  const { digest, ...content } = json;
  // Any edit shows, white space too: the file is compared with the only text that snapshot writes.
  if (sha256(jcs(content)) !== digest || jcs(json) !== text) return `was edited after its release; ${RESTORE}`;
  return json;
}

function isRelease(json: unknown): json is Release {
  if (typeof json !== "object" || json === null || !("format" in json) || json.format !== 1) return false;
  const members: Readonly<Partial<Record<string, unknown>>> = { ...json };
  const { sequence, release, at, previous, baseline, drained, lock, digest } = members;
  const texts = [release, at, baseline, digest].every((text) => typeof text === "string");
  return (
    texts &&
    typeof sequence === "number" &&
    (previous === null || typeof previous === "string") &&
    Array.isArray(drained) &&
    typeof lock === "object" &&
    lock !== null &&
    "entities" in lock
  );
}

function misplaced(release: Release, name: string, before: Release | undefined): string | undefined {
  if (name !== releaseFileName(release)) return `holds release ${release.release}; ${RESTORE}`;
  if (release.sequence !== (before?.sequence ?? 0) + 1 || release.previous !== (before?.digest ?? null)) {
    const found = before === undefined ? "is not the first release" : `does not follow release ${before.release}`;
    return `${found}, a snapshot is missing or was replaced; ${RESTORE}`;
  }
  return undefined;
}

function readBaseline(file: string, last: Release | undefined): Uint8Array | string | undefined {
  if (!existsSync(file)) return last === undefined ? undefined : `is missing; ${RESTORE}`;
  if (last === undefined) return `belongs to no release; ${RESTORE}`;
  const bytes = new Uint8Array(readFileSync(file));
  return sha256(bytes) === last.baseline ? bytes : `is not that of the last release, ${last.release}; ${RESTORE}`;
}

function bySequence(a: string, b: string): number {
  return Number.parseInt(a, 10) - Number.parseInt(b, 10) || compare(a, b);
}
