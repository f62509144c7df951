// Everything that must hold before a change lands: `node scripts/check.mjs` (format, lint, types, boundaries, generated
// output, tests of both languages), `node scripts/check.mjs test:long` (the longer runs of `npm run test:ci`).
//
// Ends with one plain line `N passed, N failed`: the tests of all runners by their JUnit files, plus one for each check
// that is not a test. A runner that fails or crashes fails the run, whatever it counted.
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const python = join(root, ".venv", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
const results = "{contracts,packages/*,services/*}/test-results";

const checks = [
  ["format: TypeScript, JSON", "biome", ["check", "--error-on-warnings", "."]],
  ["format: Python", python, ["-m", "ruff", "format", "--check", "--quiet", "."]],
  ["format: proto", "buf", ["format", "--diff", "--exit-code", "contracts/proto"]],
  ["format: proto options", "buf", ["format", "--diff", "--exit-code", "packages/wire/proto"]],
  ["lint: TypeScript", "oxlint", ["--type-aware", "--deny-warnings", "--quiet"]],
  ["lint: Python", python, ["-m", "ruff", "check", "--quiet", "."]],
  ["imports go one way", "node", ["scripts/boundaries.mjs"]],
  ["Python requirements are locked", "node", ["scripts/requirements.mjs", "--check"]],
  ["generated code of the wire is up to date", "node", ["packages/wire/scripts/generate.ts", "--check"]],
  ["contracts: lint, compatibility, generated code", "turbo", ["run", "check:contracts", "--log-prefix=none"]],
  ["alert rules", "node", ["scripts/promtool.mjs"]],
  ["types", "turbo", ["run", "typecheck", "--output-logs=errors-only", "--continue=always"]],
];

const longChecks = [["release rehearsal, on loopback only", "node", ["scripts/release-rehearse.mjs"]]];

const suites = {
  tests: [
    ["tests without servers", ["test:unit"], 2],
    // One package at a time: each starts servers and processes of its own, and its promises have deadlines.
    ["tests on real servers", ["test:redis"], 1],
    ["tests of the running services", ["test:e2e"], 1],
  ],
  "test:long": [
    ["tests without code from strings and without __proto__", ["test:hardened"], 1],
    ["long tests", ["test:long"], 1],
  ],
};

function run(name, command, args) {
  const started = Date.now();
  process.stdout.write(`\n== ${name}\n`);
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (result.error) process.stdout.write(`   could not start ${command}: ${result.error.message}\n`);
  const ok = result.status === 0;
  // 77 = this machine lacks what the check needs (never under CI=true): said, and outside the count.
  const absent = result.status === 77;
  process.stdout.write(`== ${name}: ${ok ? "ok" : absent ? "NOT RUN" : "FAILED"}, ${seconds} s\n`);
  return { name, ok, absent, seconds };
}

/** Sums the counts of every `<testsuite …>` tag; a `<testsuites …>` tag repeats them. */
function countTests() {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const file of globSync(`${results}/*.xml`, { cwd: root })) {
    const counts = { tests: 0, failures: 0, errors: 0, skipped: 0 };
    for (const [, attributes] of readFileSync(join(root, file), "utf8").matchAll(/<testsuite\s([^>]*)>/g)) {
      for (const name of Object.keys(counts)) {
        counts[name] += Number(attributes.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? 0);
      }
    }
    const failed = counts.failures + counts.errors;
    const passed = counts.tests - failed - counts.skipped;
    process.stdout.write(
      `   ${file.replace("/test-results", "")}: ${passed} passed, ${failed} failed${counts.skipped ? `, ${counts.skipped} SKIPPED` : ""}\n`,
    );
    total.passed += passed;
    total.failed += failed;
    total.skipped += counts.skipped;
  }
  return total;
}

const mode = process.argv[2] ?? "tests";
if (!(mode in suites)) {
  process.stderr.write(`unknown mode ${mode}: one of ${Object.keys(suites).join(", ")}\n`);
  process.exit(2);
}
for (const folder of globSync(results, { cwd: root })) rmSync(join(root, folder), { recursive: true });

const all = (mode === "tests" ? checks : longChecks).map(([name, command, args]) => run(name, command, args));
const steps = all.filter((step) => !step.absent);
const runners = suites[mode].map(([name, tasks, concurrency]) =>
  run(name, "turbo", [
    "run",
    ...tasks,
    `--concurrency=${concurrency}`,
    "--continue=always",
    "--log-order=grouped",
    "--log-prefix=none",
  ]),
);

process.stdout.write("\n== summary\n");
for (const { name } of all.filter((step) => step.absent)) process.stdout.write(`   NOT RUN ${name}\n`);
for (const { name, ok, seconds } of [...steps, ...runners])
  process.stdout.write(`   ${ok ? "ok    " : "FAILED"} ${name} (${seconds} s)\n`);
const tests = countTests();
const crashed = runners.filter((step) => !step.ok).length;
const failedChecks = steps.filter((step) => !step.ok).length;
// A skipped test is a promise that nobody checked: it counts as failed. So does a runner that died without saying so.
const failed = tests.failed + tests.skipped + failedChecks + (tests.failed === 0 ? crashed : 0);
const passed = tests.passed + steps.length - failedChecks;
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed > 0 || crashed > 0 || tests.passed === 0 ? 1 : 0);
