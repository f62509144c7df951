import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "@cachepact/cli";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

// buf and the compiler are processes: a loaded machine may take seconds to start them.
vi.setConfig({ testTimeout: 120_000 });

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (name: string): string => readFileSync(path.join(root, name), "utf8");

/** The fenced blocks of a page, in their order, each with its language. */
function blocks(page: string): readonly { readonly language: string; readonly text: string }[] {
  return [...read(page).matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
    language,
    text,
  }));
}

const steps = blocks("docs/contracts.md").filter(({ language }) => ["proto", "diff", "console"].includes(language));
const proto = "proto/baskets/v1/basket.proto";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "cachepact-contracts-page-"));
  const [config] = blocks("docs/adopting.md").filter(({ language }) => language === "json");
  put("cachepact.json", config?.text ?? "");
});
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
}

/** What a command prints on both streams. */
async function cachepact(args: string): Promise<string> {
  let text = "";
  const output = { write: (more: string) => (text += more) };
  await run([...args.split(" "), "--config", folder], output, output);
  return text;
}

/** Applies a diff to the proto: its lines without `+` stand there, in this order, and become those without `-`. */
function apply(diff: string): void {
  const lines = diff.trimEnd().split("\n");
  const side = (sign: string): string =>
    lines
      .filter((line) => line[0] === " " || line[0] === sign)
      .map((line) => `${line.slice(1)}\n`)
      .join("");
  const before = readFileSync(path.join(folder, proto), "utf8");
  expect(before.split(side("-"))).toHaveLength(2);
  put(proto, before.replace(side("-"), side("+")));
}

/** Each command with what it prints. */
async function runConsole(text: string): Promise<void> {
  for (const [, command = "", shown = ""] of text.matchAll(/^\$ npx cachepact (.*)\n((?:[^$].*\n)*)/gm)) {
    expect(await cachepact(command)).toBe(shown);
  }
}

/** What the page says in words between the steps: a release. */
async function release(name: string): Promise<void> {
  await cachepact("generate");
  expect(await cachepact("check")).toMatch(/^1 entity, compatible with \d releases? up to /);
  expect(await cachepact(`snapshot --release ${name}`)).toMatch(/^wrote history\//);
}

test("docs/contracts.md, step by step", async () => {
  const [declared, generated, added, addition, refused, refusal, undone, announced, switched, changed, retired] = steps;
  expect(steps).toHaveLength(11);
  put(proto, declared?.text ?? "");
  await runConsole(generated?.text ?? "");
  apply(added?.text ?? "");
  await runConsole(addition?.text ?? "");
  apply(refused?.text ?? "");
  await runConsole(refusal?.text ?? "");
  apply(undone?.text ?? "");
  apply(announced?.text ?? "");
  await release("1.2.0");
  apply(switched?.text ?? "");
  apply(changed?.text ?? "");
  await release("2.0.0");
  apply(retired?.text ?? "");
  await cachepact("generate");
  const early = await cachepact("check");
  expect(early).toContain("generation 1 is retired, but release 2.0.0 left it at ");
  expect(early).toContain("keep previous_generation: 1 until ");
});

test("the lines for CI pass on a contract that is released", async () => {
  const lines =
    blocks("docs/contracts.md")
      .find(({ language }) => language === "sh")
      ?.text.trimEnd()
      .split("\n") ?? [];
  expect(lines).toEqual(["npx cachepact generate --check", "npx cachepact check"]);
  apply("-    generation: 2\n+    generation: 2\n+    previous_generation: 1");
  await cachepact("generate");
  for (const line of lines) expect(await cachepact(line.replace("npx cachepact ", ""))).not.toContain("E_");
});
