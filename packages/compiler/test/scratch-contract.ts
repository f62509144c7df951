import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { EntityRecord } from "@cachepact/wire";
import { onTestFinished, vi } from "vitest";
import { CompileError, compile, loadConfig } from "../src/index.ts";

// buf is a process: a loaded machine may take seconds to start it.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Configuration with every output. */
export const ALL_OUTPUTS: unknown = {
  protos: ["proto"],
  lock: "contracts.lock.json",
  typescript: { out: "src/gen" },
  python: { out: "python/shop_contracts" },
};

/** Head of a proto file; messages begin on line 7. */
export const HEAD: string = `syntax = "proto3";

package shop.v1;

import "cachepact/v1/options.proto";
import "google/protobuf/timestamp.proto";
`;

/** A contract folder below the system's temporary folder, outside this repository; removed when the test ends. */
export function scratch(files: Readonly<Record<string, string>>, config: unknown = ALL_OUTPUTS): string {
  const folder = temporaryFolder(files, config);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function temporaryFolder(files: Readonly<Record<string, string>>, config: unknown): string {
  const folder = mkdtempSync(path.join(tmpdir(), "cachepact-scratch-"));
  put(folder, { "cachepact.json": typeof config === "string" ? config : JSON.stringify(config), ...files });
  return folder;
}

export function put(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}

/** Text of every file of a folder, by its path. */
export function snapshot(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();
  const files = names.filter((name) => statSync(path.join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(path.join(folder, name), "utf8")]));
}

/** One entity message `Thing` on line 7; `option` is added to a valid entry option, later members win by proto text. */
export function entity(fields: string, option: Readonly<Record<string, string>> = {}): string {
  const members = { key: '"thing:{id}"', codec: "CODEC_JSON", framing: "FRAMING_FRAMED", ttl_ms: "60000", ...option };
  const text = Object.entries(members)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${value}`);
  return `${HEAD}message Thing {\n  option (cachepact.v1.entry) = { ${text.join(" ")} };\n${fields}\n}\n`;
}

export async function compileText(text: string): Promise<Readonly<Record<string, EntityRecord>>> {
  const folder = scratch({ "proto/shop/v1/thing.proto": text }, { protos: ["proto"], lock: "contracts.lock.json" });
  return (await compile(loadConfig(folder))).entities;
}

/** The record of the only entity of a proto file. */
export async function record(text: string): Promise<EntityRecord> {
  const [only, ...others] = Object.values(await compileText(text));
  if (only === undefined || others.length > 0) throw new Error("the proto does not hold one entity");
  return only;
}

/**
 * The problems of each of many protos, as if each had been compiled alone.
 *
 * They are compiled together, in packages of their own: buf's start is most of a compilation's time.
 */
export async function problemsOfEach(texts: readonly string[]): Promise<readonly (readonly string[])[]> {
  const { problems } = await compileApart(texts, (folder) => refusal(() => compile(loadConfig(folder))));
  return texts.map((_, n) =>
    problems.filter((problem) => problem.startsWith(`proto/case${n}/`)).map((problem) => joined(problem, n)),
  );
}

/** The record of each of many protos, as if each had been compiled alone, except for its fingerprint. */
export async function recordOfEach(texts: readonly string[]): Promise<readonly EntityRecord[]> {
  const { entities } = await compileApart(texts, (folder) => compile(loadConfig(folder)));
  return texts.map((_, n) => JSON.parse(joined(JSON.stringify(entities[`thing${n}z`]), n)));
}

async function compileApart<T>(texts: readonly string[], action: (folder: string) => Promise<T>): Promise<T> {
  const files = texts.map((text, n) => {
    const packaged = text.replaceAll("shop.v1", `case${n}.v1`);
    const named = packaged.replace('key: "thing', `key: "thing${n}z`).replace('log: "l"', `log: "l${n}z"`);
    return [`proto/case${n}/v1/thing.proto`, named] as const;
  });
  const folder = temporaryFolder(Object.fromEntries(files), { protos: ["proto"], lock: "contracts.lock.json" });
  try {
    return await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function joined(text: string, n: number): string {
  return text.replaceAll(new RegExp(`case${n}(?=[./])`, "g"), "shop").replaceAll(`${n}z`, "");
}

/** Runs something that must be refused. */
export async function refusal(action: () => unknown): Promise<CompileError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof CompileError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
