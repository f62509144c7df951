import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type RedisServer, startRedis } from "@cachepact/dev-stack";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { README_OUTPUT, readmeExamples } from "../src/readme.ts";

const run = promisify(execFile);
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const examples = readmeExamples(new URL("../../../README.md", import.meta.url));

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** Runs a program from a file in this package, where the workspace's packages resolve by name. */
async function output(file: string, program: string, command: string, args: string[]): Promise<string> {
  await writeFile(file, program);
  try {
    const { stdout, stderr } = await run(command, [...args, file], {
      env: { ...process.env, REDIS_URL: redis.url },
      timeout: 20_000,
    });
    expect(stderr).toBe("");
    return stdout;
  } finally {
    await rm(file);
  }
}

describe("the README's examples", () => {
  test("TypeScript prints what the README says", async () => {
    const args = ["--conditions=@cachepact/source"];
    expect(await output(path("./readme-example.mjs"), examples.typescript, process.execPath, args)).toBe(README_OUTPUT);
  });

  test("Python prints what the README says", async () => {
    const python = path("../../../.venv/bin/python");
    expect(await output(path("./readme_example.py"), examples.python, python, ["-W", "error"])).toBe(README_OUTPUT);
  });

  test("each has about 20 lines", () => {
    for (const example of [examples.typescript, examples.python]) {
      expect(example.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(24);
    }
  });
});
