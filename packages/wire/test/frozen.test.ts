import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { ContractLock } from "@cachepact/wire";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  baseProblems,
  type FixtureFolder,
  FROZEN_LOCK,
  freeze,
  frozenProblems,
  frozenReleases,
} from "../scripts/frozen.ts";
import type { Case } from "./fixture.ts";
import { checkCase } from "./fixture-case.ts";

// All cases run in one test: a loaded machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));
const own: FixtureFolder = { fixtures, lock: path.join(fixtures, "contract/contracts.lock.json") };
const FILES = ["boundaries.json", "entries.json", "frames.json", "keys.json", "values.json", "write-records.json"];

/** Runs every case of a frozen release with the lock that was frozen beside them; gives their number. */
function checkRelease(folder: FixtureFolder, release: string): number {
  const root = path.join(folder.fixtures, "frozen", release);
  const read = (name: string): unknown => JSON.parse(readFileSync(path.join(root, name), "utf8"));
  const lock = read(FROZEN_LOCK) as ContractLock;
  let checked = 0;
  for (const file of FILES) {
    const { count, cases } = read(file) as { readonly count: number; readonly cases: readonly Case[] };
    expect(cases).toHaveLength(count);
    for (const each of cases) {
      try {
        checkCase(lock, file, each);
      } catch (error) {
        throw new Error(`${release}, ${file}: ${each.name}`, { cause: error });
      }
    }
    checked += count;
  }
  return checked;
}

describe("released fixtures", () => {
  test("are as they were released, and their cases still stand", () => {
    expect(frozenProblems(own)).toEqual([]);
  });

  test("are as they were at the base commit, where there is one", () => {
    expect(baseProblems(own)).toEqual([]);
  });

  test("hold all that this runtime does, release by release", () => {
    for (const release of frozenReleases(own)) expect(checkRelease(own, release)).toBeGreaterThan(2500);
  });
});

describe("freezing", () => {
  let home: string;
  let folder: FixtureFolder;

  const at = (name: string): string => path.join(folder.fixtures, name);
  const edit = (name: string, change: (text: string) => string): void => {
    const text = readFileSync(at(name), "utf8");
    expect(change(text)).not.toBe(text);
    writeFileSync(at(name), change(text));
  };

  beforeAll(() => {
    home = mkdtempSync(path.join(tmpdir(), "cachepact-frozen-"));
  });
  afterAll(() => rmSync(home, { recursive: true }));

  beforeEach(() => {
    rmSync(path.join(home, "fixtures"), { recursive: true, force: true });
    cpSync(fixtures, path.join(home, "fixtures"), { recursive: true });
    rmSync(path.join(home, "fixtures/frozen"), { recursive: true, force: true });
    folder = { fixtures: path.join(home, "fixtures"), lock: path.join(home, "fixtures/contract/contracts.lock.json") };
    freeze(folder, "9.0.0");
  });

  test("copies every file with its lock, and the copies pass by themselves", () => {
    expect(frozenReleases(folder)).toEqual(["9.0.0"]);
    expect(frozenProblems(folder)).toEqual([]);
    for (const name of FILES) expect(readFileSync(at(`frozen/9.0.0/${name}`))).toEqual(readFileSync(at(name)));
    expect(checkRelease(folder, "9.0.0")).toBeGreaterThan(2500);
  });

  test("a second release stands beside the first", () => {
    edit("keys.json", (text) =>
      text
        .replace(
          "\n]}",
          `,\n${JSON.stringify({ kind: "slot", name: "slot/new", why: "a new case", key: "", slot: 0 })}\n]}`,
        )
        .replace(/"count":(\d+)/, (_, count) => `"count":${Number(count) + 1}`),
    );
    freeze(folder, "9.1.0");
    expect(frozenReleases(folder)).toEqual(["9.0.0", "9.1.0"]);
    expect(frozenProblems(folder)).toEqual([]);
  });

  test("a release is frozen once, by its version", () => {
    expect(() => freeze(folder, "9.0.0")).toThrow("it is frozen already");
    expect(() => freeze(folder, "next")).toThrow("it is no version");
    expect(() => freeze(folder, "../1.0.0")).toThrow("it is no version");
  });

  test.each<readonly [string, () => void, string]>([
    [
      "a byte of a case is edited",
      () => edit("values.json", (text) => text.replace("87a762", "87a763")),
      "values.json: user/basic is not there word for word as release 9.0.0 has it",
    ],
    [
      "the reason of a case is edited",
      () => edit("frames.json", (text) => text.replace('"why":"', '"why":"x')),
      "is not there word for word",
    ],
    [
      "a case is removed",
      () => edit("keys.json", (text) => text.replace(/\n[^\n]*"user\/namespace"[^\n]*/, "")),
      "keys.json: user/namespace is not there",
    ],
    ["a file is removed", () => rmSync(at("entries.json")), "entries.json: user/versionless is not there"],
    [
      "an entity of the golden contract is edited",
      () => edit("contract/contracts.lock.json", (text) => text.replace('"ttl_ms":300000', '"ttl_ms":300001')),
      ".ttl_ms is not what release 9.0.0 has",
    ],
    [
      "a frozen file is edited",
      () => edit("frozen/9.0.0/keys.json", (text) => text.replace("user@1:42", "user@1:43")),
      "frozen/9.0.0/keys.json was edited",
    ],
    ["a frozen file is removed", () => rmSync(at("frozen/9.0.0/frames.json")), "frozen/9.0.0/frames.json is missing"],
    [
      "a frozen release is removed",
      () => rmSync(at("frozen/9.0.0"), { recursive: true }),
      "frozen/9.0.0/values.json is missing",
    ],
    [
      "a file is put beside the frozen ones",
      () => writeFileSync(at("frozen/9.0.0/more.json"), "{}"),
      "frozen/9.0.0/more.json is not in frozen/manifest.json",
    ],
    [
      "a release is put there by hand",
      () => cpSync(at("frozen/9.0.0"), at("frozen/9.1.0"), { recursive: true }),
      "frozen/9.1.0 is not in frozen/manifest.json",
    ],
    [
      "the manifest is removed",
      () => rmSync(at("frozen/manifest.json")),
      "frozen/9.0.0 is not in frozen/manifest.json",
    ],
  ])("it is noticed when %s, and nothing is frozen then", (_, change, problem) => {
    change();
    expect(frozenProblems(folder).join("\n")).toContain(problem);
    expect(() => freeze(folder, "9.2.0")).toThrow("first mend what is frozen");
  });

  test("a frozen file that was edited together with its digest is noticed by the commit", () => {
    const git = (...args: string[]): string =>
      execFileSync("git", ["-C", home, "-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
        encoding: "utf8",
      });
    git("init", "-q");
    git("add", "-A");
    git("commit", "-q", "-m", "base");
    const base = git("rev-parse", "HEAD").trim();
    expect(baseProblems(folder, base)).toEqual([]);
    freeze(folder, "9.1.0");
    expect(baseProblems(folder, base)).toEqual([]);
    const was = /"keys.json": "(\w+)"/;
    edit("frozen/manifest.json", (text) => text.replace(was, '"keys.json": "00"'));
    expect(baseProblems(folder, base)).toEqual([
      `frozen/manifest.json differs from commit ${base}; released bytes are never changed, restore it`,
    ]);
    rmSync(at("frozen/9.0.0/keys.json"));
    expect(baseProblems(folder, base)).toHaveLength(2);
    rmSync(path.join(home, ".git"), { recursive: true });
  });

  test("the script prints what it wrote, and fails on what is broken", () => {
    const script = fileURLToPath(new URL("../scripts/freeze.ts", import.meta.url));
    const run = (...args: string[]): string =>
      execFileSync(process.execPath, [script, "--fixtures", folder.fixtures, "--lock", folder.lock, ...args], {
        encoding: "utf8",
        stdio: "pipe",
      });
    expect(run()).toBe("as they were released: 9.0.0\n");
    expect(run("--release", "9.1.0")).toContain(`wrote ${at("frozen/9.1.0/values.json")}\n`);
    edit("frozen/9.1.0/keys.json", (text) => `${text} `);
    expect(() => run()).toThrow("frozen/9.1.0/keys.json was edited");
  });
});
