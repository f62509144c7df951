import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { check, type Finding, generate } from "../../src/index.ts";
import { put } from "../scratch-contract.ts";
import { BASE, CONFIG, fileOf, RELEASED, RELEASES, type Replacement, release, replaced } from "./base-contract.ts";

/** One edit of the released contract, and when it is judged. */
export interface MergedCase {
  readonly edit: readonly Replacement[];
  readonly now: Date;
}

/**
 * Judges many edits in one go: the released contract is there once for each, in packages and under entity names of its
 * own. buf's start is most of a check's time.
 * @returns the findings of each edit, as if it had been judged alone
 */
export async function judgeMerged(cases: readonly MergedCase[]): Promise<readonly (readonly Finding[])[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "cachepact-merged-"));
  try {
    put(folder, { "cachepact.json": JSON.stringify(CONFIG) });
    for (const [name, files] of Object.entries(RELEASES)) {
      put(folder, merge(cases.map(({ edit }) => edited(edit, files))));
      await release(folder, name, RELEASED[name as keyof typeof RELEASED]);
    }
    put(folder, merge(cases.map(({ edit }) => edited(edit, replaced(BASE, edit)))));
    await generate(folder);
    const reports = new Map<number, readonly Finding[]>();
    for (const at of new Set(cases.map(({ now }) => now.getTime()))) {
      reports.set(at, (await check(folder, { now: new Date(at) })).findings);
    }
    return cases.map(({ now }, n) =>
      (reports.get(now.getTime()) ?? []).filter(isOf(n)).map((found) => alone(found, n)),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The files that an edit is about: the others would only take time. */
function edited(
  edit: readonly Replacement[],
  files: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const names = new Set(edit.map(([name]) => fileOf(name)));
  return Object.fromEntries(Object.entries(files).filter(([name]) => names.has(name)));
}

function merge(contracts: readonly Readonly<Record<string, string>>[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    contracts.flatMap((files, n) =>
      Object.entries(files).map(([file, text]) => [file.replace("proto/", `proto/c${n}/`), apart(text, n)]),
    ),
  );
}

function apart(text: string, n: number): string {
  return text
    .replace(/^package /m, `package c${n}.`)
    .replaceAll(/key: "([a-z]+)/g, `key: "$1-c${n}`)
    .replaceAll(/log: "([a-z]+)/g, `log: "$1-c${n}`);
}

function isOf(n: number): (found: Finding) => boolean {
  const name = new RegExp(`(^|/|-)c${n}($|/)`);
  return ({ entity, file }) => name.test(entity ?? "") || name.test(file ?? "");
}

function alone(found: Finding, n: number): Finding {
  const text = JSON.stringify(found);
  return JSON.parse(
    text
      .replaceAll(`proto/c${n}/`, "proto/")
      .replaceAll(new RegExp(`-c${n}(?![0-9])`, "g"), "")
      .replaceAll(`c${n}.`, ""),
  );
}
