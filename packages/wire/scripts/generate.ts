/**
 * Writes what both languages generate from this package's data: `vocabulary/*.json` and `lua/*.lua` become
 * `src/gen/*.ts` here and `_gen/*.py` in cache-core-py.
 *
 *     node scripts/generate.ts            writes the files that differ
 *     node scripts/generate.ts --check    writes nothing; exit 1 with the list of files that differ
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { outputs } from "./outputs.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const repository = join(root, "../..");

function current(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

const check = process.argv.includes("--check");
const different = [...outputs(root)].filter(([path, text]) => current(path) !== text);
for (const [path, text] of different) {
  if (check) {
    console.error(`differs from its source: ${relative(repository, path)}`);
    continue;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`wrote ${relative(repository, path)}`);
}
if (check && different.length > 0) {
  console.error("Run `pnpm --filter @cachepact/wire generate` and commit its output.");
  process.exitCode = 1;
}
