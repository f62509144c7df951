/**
 * Released fixtures: `frozen/<release>/` in a folder of fixtures holds a full copy of its files, and of the lock file
 * that they speak of, as they were at that release. Entries with these bytes are in somebody's Redis.
 *
 * `frozen/manifest.json` holds the digest of every frozen file, so that an edit is noticed without a version control
 * system; with one, `baseProblems` compares with a commit.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A folder of fixture files and the lock file whose entities they name. */
export interface FixtureFolder {
  readonly fixtures: string;
  readonly lock: string;
}

interface Manifest {
  readonly format: 1;
  /** In the order in which they were frozen; `files` holds SHA-256 by the file's name. */
  readonly releases: readonly { readonly release: string; readonly files: Readonly<Record<string, string>> }[];
}

interface Lock {
  readonly entities: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The lock's name in every frozen release. */
export const FROZEN_LOCK = "contracts.lock.json";

const RELEASE = /^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$/;

/** The frozen releases of a folder, oldest first. */
export function frozenReleases(folder: FixtureFolder): readonly string[] {
  return manifestOf(folder).releases.map(({ release }) => release);
}

/**
 * Copies the files of a folder to `frozen/<release>/`. Nothing that exists is changed or removed, but for the manifest,
 * which grows.
 *
 * @returns the paths that were written
 * @throws {Error} when the release is frozen already, is no version, or a frozen case is broken
 */
export function freeze(folder: FixtureFolder, release: string): readonly string[] {
  if (!RELEASE.test(release)) throw new Error(`freeze "${release}": it is no version; use one such as 0.1.0`);
  const target = path.join(folder.fixtures, "frozen", release);
  if (existsSync(target)) throw new Error(`freeze ${release}: it is frozen already; released bytes are never changed`);
  const problems = frozenProblems(folder);
  if (problems.length > 0) throw new Error(`freeze ${release}: first mend what is frozen\n${problems.join("\n")}`);
  const manifest = manifestOf(folder);
  const sources = new Map(fixtureNames(folder.fixtures).map((name) => [name, path.join(folder.fixtures, name)]));
  sources.set(FROZEN_LOCK, folder.lock);
  mkdirSync(target, { recursive: true });
  const files: Record<string, string> = {};
  for (const [name, source] of sources) {
    const text = readFileSync(source, "utf8");
    files[name] = digest(text);
    writeFileSync(path.join(target, name), text, { flag: "wx" });
  }
  const releases = [...manifest.releases, { release, files }];
  writeFileSync(manifestPath(folder), `${JSON.stringify({ format: 1, releases }, undefined, 2)}\n`);
  return [...sources.keys()].map((name) => path.join(target, name));
}

/** What breaks the promise that frozen files stay as they are and that their cases still stand. One line each. */
export function frozenProblems(folder: FixtureFolder): readonly string[] {
  return [...digestProblems(folder), ...caseProblems(folder)];
}

function* digestProblems(folder: FixtureFolder): Generator<string> {
  const root = path.join(folder.fixtures, "frozen");
  const manifest = manifestOf(folder);
  const known = new Set(
    manifest.releases.flatMap(({ release, files }) => Object.keys(files).map((name) => `${release}/${name}`)),
  );
  for (const { release, files } of manifest.releases) {
    for (const [name, expected] of Object.entries(files)) {
      const file = path.join(root, release, name);
      if (!existsSync(file)) yield `frozen/${release}/${name} is missing; restore it from version control`;
      else if (digest(readFileSync(file, "utf8")) !== expected) {
        yield `frozen/${release}/${name} was edited; restore it, a new release gets a folder of its own`;
      }
    }
  }
  if (!existsSync(root)) return;
  for (const name of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    const found = name.split(path.sep).join("/");
    if (
      !found.includes("/") &&
      found !== "manifest.json" &&
      !manifest.releases.some(({ release }) => release === found)
    ) {
      yield `frozen/${found} is not in frozen/manifest.json; only the script writes there`;
    } else if (found.includes("/") && !known.has(found)) {
      yield `frozen/${found} is not in frozen/manifest.json; only the script writes there`;
    }
  }
}

/**
 * A frozen case stands in the current file, word for word. A file of one entity's golden entries is held to that as long
 * as the entity has the fingerprint that it had: with another schema its entries have other bytes, and the frozen copy
 * alone speaks for the old ones.
 */
function* caseProblems(folder: FixtureFolder): Generator<string> {
  const current = readJson(folder.lock) as Lock;
  for (const { release, files } of manifestOf(folder).releases) {
    const root = path.join(folder.fixtures, "frozen", release);
    if (Object.keys(files).some((name) => !existsSync(path.join(root, name)))) continue;
    const lock = readJson(path.join(root, FROZEN_LOCK)) as Lock;
    for (const name of Object.keys(files).filter((each) => each !== FROZEN_LOCK)) {
      const { entity } = readJson(path.join(root, name)) as { readonly entity?: string };
      const recut =
        entity !== undefined && lock.entities[entity]?.["fingerprint"] !== current.entities[entity]?.["fingerprint"];
      if (recut) continue;
      const lines = new Set(caseLines(path.join(folder.fixtures, name)));
      for (const line of caseLines(path.join(root, name))) {
        if (lines.has(line)) continue;
        const { name: caseName } = JSON.parse(line) as { readonly name: string };
        yield `${name}: ${caseName} is not there word for word as release ${release} has it; restore it, add another case`;
      }
      if (entity === undefined) yield* recordProblems(release, lock, current);
    }
  }
}

/** Cases of the wire speak of the golden contract: what an entity of it was, it stays. */
function* recordProblems(release: string, frozen: Lock, current: Lock): Generator<string> {
  for (const [entity, record] of Object.entries(frozen.entities)) {
    for (const [member, value] of Object.entries(record)) {
      if (JSON.stringify(current.entities[entity]?.[member]) !== JSON.stringify(value)) {
        yield `the golden contract's ${entity}.${member} is not what release ${release} has; restore it, add another entity`;
      }
    }
  }
}

/**
 * What was frozen at a commit and is not the same now. Empty when git or the commit is not there: the manifest's rule
 * stands by itself.
 *
 * @param base a commit; default `CACHEPACT_BASE`, else the merge base with origin/main
 */
export function baseProblems(folder: FixtureFolder, base: string | undefined = baseCommit(folder)): readonly string[] {
  if (base === undefined) return [];
  const git = (...args: string[]): string | undefined => runGit(folder.fixtures, args);
  const listed = git("ls-tree", "-r", "-z", "--name-only", base, "--", "frozen") ?? "";
  const problems: string[] = [];
  for (const name of listed.split("\0").filter((each) => each !== "")) {
    const before = git("show", `${base}:./${name}`);
    const file = path.join(folder.fixtures, name);
    const now = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    const kept = name === "frozen/manifest.json" ? now !== undefined && grownFrom(before, now) : now === before;
    if (!kept) problems.push(`${name} differs from commit ${base}; released bytes are never changed, restore it`);
  }
  return problems;
}

/** The manifest may grow at its end. */
function grownFrom(before: string | undefined, now: string): boolean {
  const old = (JSON.parse(before ?? "{}") as Manifest).releases;
  const grown = (JSON.parse(now) as Manifest).releases;
  return JSON.stringify(grown.slice(0, old.length)) === JSON.stringify(old);
}

function baseCommit(folder: FixtureFolder): string | undefined {
  const named = process.env["CACHEPACT_BASE"];
  if (named !== undefined && named !== "") return named;
  return runGit(folder.fixtures, ["merge-base", "HEAD", "origin/main"])?.trim();
}

function runGit(folder: string, args: readonly string[]): string | undefined {
  const run = spawnSync("git", ["-C", folder, ...args], { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
  return run.status === 0 ? run.stdout : undefined;
}

function manifestPath(folder: FixtureFolder): string {
  return path.join(folder.fixtures, "frozen", "manifest.json");
}

function manifestOf(folder: FixtureFolder): Manifest {
  const file = manifestPath(folder);
  return existsSync(file) ? (readJson(file) as Manifest) : { format: 1, releases: [] };
}

function fixtureNames(fixtures: string): readonly string[] {
  return readdirSync(fixtures)
    .filter((name) => name.endsWith(".json"))
    .toSorted();
}

/** The text of each case: one a line. */
function caseLines(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith('{"') && !line.startsWith('{"format"'));
  return lines.map((line) => line.replace(/,$/, ""));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}
