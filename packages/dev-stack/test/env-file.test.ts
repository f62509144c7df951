import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readEnvFile, writeEnvFile } from "../src/env-file.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cachepact-env-"));
  path = join(folder, "env");
});

afterEach(() => rmSync(folder, { recursive: true }));

const ENVIRONMENT = {
  REDIS_URL: "redis://:p%40ss@127.0.0.1:6390/0",
  DATABASE_URL: "postgres://u@h/db?sslmode=require&options=-c%20x",
  ODD: "a b # c $d",
};

describe("the environment file", () => {
  test("is read back as it was written, by us and by Node", () => {
    writeEnvFile(path, ENVIRONMENT);
    expect(readEnvFile(path)).toEqual(ENVIRONMENT);
    expect({ ...parseEnv(readFileSync(path, "utf8")) }).toEqual(ENVIRONMENT);
  });

  test("is written only when its text changes", () => {
    expect(writeEnvFile(path, ENVIRONMENT)).toBe(true);
    const { ino } = statSync(path);
    expect(writeEnvFile(path, ENVIRONMENT)).toBe(false);
    expect(statSync(path).ino).toBe(ino);
    expect(writeEnvFile(path, { ...ENVIRONMENT, MORE: "1" })).toBe(true);
  });

  test("is for its owner only, because an address may hold a password", () => {
    writeEnvFile(path, ENVIRONMENT);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("may be absent or hold other lines", () => {
    expect(readEnvFile(path)).toEqual({});
    writeFileSync(path, "# by hand\n\nA=1\nnot a line\n");
    expect(readEnvFile(path)).toEqual({ A: "1" });
  });
});
