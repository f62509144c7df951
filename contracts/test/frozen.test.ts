import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ContractLock,
  decodeEntry,
  defineEntity,
  type EntityRecord,
  encodeEntry,
  entryKeys,
} from "@cachepact/wire";
import { fromNeutral, keyFromNeutral, type NeutralMembers, toNeutral } from "@cachepact/wire/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const own = fileURLToPath(new URL("..", import.meta.url));
const script = path.join(own, "../packages/wire/scripts/freeze.ts");

interface Golden {
  readonly name: string;
  readonly value: NeutralMembers;
  readonly key: NeutralMembers;
  readonly redis_key: string;
  readonly entry: string;
  readonly stale_at_ms?: number;
  readonly created_at_ms?: number;
  readonly version?: number;
  readonly dirty?: boolean;
}

interface GoldenFile {
  readonly entity: string;
  readonly cases: readonly Golden[];
}

function read(...names: readonly string[]): unknown {
  return JSON.parse(readFileSync(path.join(...names), "utf8"));
}

function lockOf(folder: string): ContractLock {
  return read(folder, "contracts.lock.json") as ContractLock;
}

function releases(folder: string): readonly string[] {
  const manifest = path.join(folder, "fixtures/frozen/manifest.json");
  if (!existsSync(manifest)) return [];
  const { releases: found } = read(manifest) as { readonly releases: readonly { readonly release: string }[] };
  return found.map(({ release }) => release);
}

/** Holds the golden entries of a release to the contract of that release, and to today's; gives their number. */
function checkRelease(folder: string, release: string): number {
  const root = path.join(folder, "fixtures/frozen", release);
  const { entities } = lockOf(root);
  const today = lockOf(own).entities;
  let checked = 0;
  for (const name of readdirSync(root).filter((each) => each !== "contracts.lock.json")) {
    const { entity, cases } = read(root, name) as GoldenFile;
    const record = entities[entity] as EntityRecord;
    for (const golden of cases) {
      checkWriter(record, golden);
      const reader = today[entity];
      // Another generation lies under other keys: its entries are nobody's any more.
      if (reader?.generation === record.generation) checkReader(reader, golden);
      checked += 1;
    }
  }
  return checked;
}

/** The contract of that release still makes these bytes. */
function checkWriter(record: EntityRecord, golden: Golden): void {
  const entity = defineEntity<object, object>(record);
  const meta = {
    staleAtMs: golden.stale_at_ms ?? 0,
    createdAtMs: golden.created_at_ms ?? 0,
    dirty: golden.dirty ?? false,
    ...(record.log === null ? {} : { version: golden.version ?? 0 }),
  };
  const bytes = encodeEntry(entity, fromNeutral(record.schema, golden.value), meta);
  expect(Buffer.from(bytes).toString("hex"), golden.name).toBe(golden.entry);
  expect(entryKeys(record, "", keyFromNeutral(record, golden.key)).value).toBe(golden.redis_key);
}

/** Today's contract reads them: what the entry holds is found again, whatever was added since. */
function checkReader(record: EntityRecord, golden: Golden): void {
  const key = keyFromNeutral(record, golden.key);
  const { value, version } = decodeEntry(defineEntity<object, object>(record), Buffer.from(golden.entry, "hex"), key);
  const found = toNeutral(record.schema, value as never);
  expect(found, golden.name).toMatchObject(toNeutral(record.schema, fromNeutral(record.schema, golden.value) as never));
  expect(version).toBe(golden.version ?? 0);
}

describe("released golden entries", () => {
  test("are as they were released, and stand in today's files as long as the schema is the same", () => {
    const args = [script, "--fixtures", path.join(own, "fixtures"), "--lock", path.join(own, "contracts.lock.json")];
    expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toMatch(/^(nothing is frozen|as they were)/);
  });

  test("are still made by the contract of their release and read by today's", () => {
    for (const release of releases(own)) expect(checkRelease(own, release)).toBeGreaterThan(60);
  });
});

describe("freezing golden entries", () => {
  let folder: string;
  const run = (...args: readonly string[]): string => {
    const where = ["--fixtures", path.join(folder, "fixtures"), "--lock", path.join(folder, "contracts.lock.json")];
    return execFileSync(process.execPath, [script, ...where, ...args], { encoding: "utf8", stdio: "pipe" });
  };
  const edit = (name: string, change: (text: string) => string): void => {
    const file = path.join(folder, name);
    writeFileSync(file, change(readFileSync(file, "utf8")));
  };

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "cachepact-golden-"));
    cpSync(path.join(own, "fixtures"), path.join(folder, "fixtures"), { recursive: true });
    rmSync(path.join(folder, "fixtures/frozen"), { recursive: true, force: true });
    cpSync(path.join(own, "contracts.lock.json"), path.join(folder, "contracts.lock.json"));
    run("--release", "9.0.0");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("today's entries would hold as a release", () => {
    expect(run()).toBe("as they were released: 9.0.0\n");
    expect(checkRelease(folder, "9.0.0")).toBeGreaterThan(60);
  });

  test("an entry is edited only together with the schema: then the frozen copy speaks for the old one", () => {
    const { entities } = lockOf(folder);
    const was = entities["user"]?.fingerprint ?? "";
    edit("fixtures/user.json", (text) => text.replaceAll(was, "00000000"));
    expect(() => run()).toThrow("user.json: user/ada is not there word for word as release 9.0.0 has it");
    edit("contracts.lock.json", (text) => text.replace(`"fingerprint":"${was}"`, '"fingerprint":"00000000"'));
    expect(run()).toBe("as they were released: 9.0.0\n");
  });
});
