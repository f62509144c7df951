import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

/** Every page that a person reads, by its path. */
const pages = globSync(["*.md", "docs/**/*.md", "{contracts,packages,services}/**/*.md"], {
  cwd: root,
  exclude: (name) => name.includes("node_modules") || name.includes(".venv"),
}).toSorted();

function vocabulary(name: string, list: string): ReadonlySet<string> {
  const found = JSON.parse(read(`packages/wire/vocabulary/${name}.json`)) as Record<string, Record<string, string>[]>;
  return new Set(found[list]?.map((each) => String(each["code"] ?? each["name"])));
}

/** What GitHub makes of a heading. */
function anchor(heading: string): string {
  const plain = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "");
  return plain.trim().replaceAll(/\s/g, "-");
}

function anchorsOf(file: string): ReadonlySet<string> {
  return new Set([...read(file).matchAll(/^#+ (.*)$/gm)].map((match) => anchor(String(match[1]))));
}

/** The links of a page that lead to nothing. */
function deadLinks(page: string): readonly string[] {
  const text = read(page).replaceAll(/^```[^]*?^```$/gm, "");
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => String(match[1]));
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [target = "", fragment] = link.split("#");
    const file = target === "" ? page : path.join(path.dirname(page), target);
    if (!existsSync(path.join(root, file))) return true;
    const linked = file.endsWith(".md") ? file : path.join(file, "README.md");
    return fragment !== undefined && !anchorsOf(linked).has(fragment);
  });
}

function named(page: string, pattern: RegExp): readonly string[] {
  return [...read(page).matchAll(pattern)].map((match) => match[1] ?? match[0]);
}

describe("what the documentation names is there", () => {
  test("the pages are found", () => {
    for (const page of ["README.md", "docs/operations.md", "packages/wire/SPEC.md", "contracts/README.md"]) {
      expect(pages).toContain(page);
    }
  });

  test.each(pages)("links of %s", (page) => {
    expect(deadLinks(page)).toEqual([]);
  });

  test.each(pages)("error codes, metrics and alerts of %s", (page) => {
    const codes = vocabulary("errors", "errors");
    const metrics = vocabulary("metrics", "metrics");
    const alerts = new Set(named("packages/wire/prometheus/rules.yml", /alert: (\w+)/g));
    expect(codes.size).toBeGreaterThan(30);
    expect(named(page, /\bE_[A-Z0-9_]*[A-Z0-9]\b/g).filter((code) => code !== "E_X" && !codes.has(code))).toEqual([]);
    const metric = /\b((?:cachepact|redis)_\w+_(?:total|seconds|keys|owned|bytes))\b/g;
    expect(named(page, metric).filter((name) => !metrics.has(name))).toEqual([]);
    expect(
      named(page, /`(Cachepact[A-Z]\w+)`/g).filter((name) => name !== "CachepactError" && !alerts.has(name)),
    ).toEqual([]);
  });

  test.each(pages)("commands of %s", (page) => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Readonly<Record<string, string>> };
    const commands = [
      ...named(page, /\bnpm run ([\w:-]+)/g),
      ...named(page, /\bnpm run setup -- ([\w:-]+)/g),
      ...named(page, /^\s*npm (start|test)\b/gm),
    ];
    expect(commands.filter((command) => scripts[command] === undefined)).toEqual([]);
  });
});
