import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

test("the example of the README prints what it says", () => {
  const example =
    /```ts\n([\s\S]*?)```/.exec(readFileSync(new URL("../README.md", import.meta.url), "utf8"))?.[1] ?? "";
  const options = ["--conditions=@cachepact/source", "--input-type=module-typescript", "--eval", example];
  const run = spawnSync(process.execPath, options, { cwd: root, encoding: "utf8" });
  const promised = [...example.matchAll(/\); \/\/ (.*)/g)].map((match) => match[1]);
  expect(run.stdout.trim().split("\n")).toEqual(promised);
  expect(promised).toHaveLength(2);
});
