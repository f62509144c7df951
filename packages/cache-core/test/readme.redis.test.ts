import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { redisFixture } from "./redis-fixture.ts";

const redis = redisFixture();
const root = new URL("../", import.meta.url);

test("the README's example runs and prints what its comments say", async () => {
  const readme = await readFile(new URL("README.md", root), "utf8");
  const example = /```ts\n([^]*?)```/.exec(readme)?.[1] ?? "";
  const promised = [...example.matchAll(/console\.log.*\/\/ (.*)$/gm)].map((match) => match[1]);
  // Inside the package, so that its imports resolve as an adopter's would.
  const folder = new URL("test-results/", root);
  await mkdir(folder, { recursive: true });
  const file = fileURLToPath(new URL("readme-example.ts", folder));
  await writeFile(file, example.replace("redis://localhost:6379", redis.server.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@cachepact/source", file]);
  expect(promised).toHaveLength(4);
  expect(stdout.trim().split("\n")).toEqual(promised);
});
