// Writes requirements.lock from every pyproject.toml (exact versions and hashes, no address of any index);
// `--check` only says whether it is up to date.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lock = join(root, "requirements.lock");
const sources = [
  "packages/cache-core-py/pyproject.toml",
  "contracts/python/pyproject.toml",
  "services/user-api-py/pyproject.toml",
];

function compile(output) {
  const ours = ["cachepact", "cachepact-contracts"].flatMap((name) => ["--no-emit-package", name]);
  const args = [
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-annotate",
    "--no-header",
    "--python-version",
    "3.11",
  ];
  const result = spawnSync("uv", [...args, ...ours, ...sources, "--group", "pyproject.toml:dev", "-o", output], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

if (process.argv.includes("--check")) {
  // uv keeps the versions of an existing output file, so this asks "does the lock still fit", not "is there anything newer".
  const folder = mkdtempSync(join(tmpdir(), "requirements-"));
  const fresh = join(folder, "requirements.lock");
  copyFileSync(lock, fresh);
  compile(fresh);
  const same = readFileSync(fresh, "utf8") === readFileSync(lock, "utf8");
  rmSync(folder, { recursive: true });
  if (!same) {
    process.stderr.write(
      "requirements.lock does not fit the pyproject.toml files: run `npm run setup -- lock:python` and commit it\n",
    );
    process.exit(1);
  }
} else {
  compile(lock);
}
