import path from "node:path";
import { fileURLToPath } from "node:url";
import { CompileError } from "@cachepact/compiler";
import { Command, InvalidArgumentError, Option } from "commander";
import { runSize } from "./differential/size.ts";
import { runConformance, type TesteeReport } from "./run.ts";
import { SUITES, type Suite } from "./suites.ts";
import { TESTEES } from "./testee.ts";

/** Values of each entity and codec in a round trip, unless `CACHEPACT_CASES` says otherwise: seconds for a contract. */
const DEFAULT_CASES = 100;

const OWN_CONTRACTS = fileURLToPath(new URL("../../../contracts/cachepact.json", import.meta.url));

/** Where the caller stands: `pnpm --filter` runs scripts in the package's own folder. */
const HERE = process.env["INIT_CWD"] ?? process.cwd();

interface Flags {
  readonly testee?: readonly string[];
  readonly contracts: string;
  readonly only?: readonly Suite[];
  readonly json?: true;
  readonly knownFailures?: string;
  readonly timeoutMs?: number;
}

const command = new Command("conformance")
  .description("Runs every check of the wire, and of a contract folder, on testees that speak PROTOCOL.md.")
  .option("--testee <name...>", `names (${TESTEES.join(", ")}) or paths of testees; default all names`)
  .addOption(
    new Option("--contracts <path>", "a generated contract folder, or its cachepact.json").default(
      OWN_CONTRACTS,
      "this repository's",
    ),
  )
  .option("--only <suite...>", `some of the suites ${SUITES.join(", ")}`, collectSuites)
  .option("--known-failures <folder>", "folder of lists of known failures, <testee>.txt")
  .option("--timeout-ms <ms>", "how long a request may take", parseMs)
  .option("--json", "print the reports as JSON")
  .showHelpAfterError()
  .action(async (flags: Flags) => {
    const reports = await runConformance({
      testees: flags.testee?.map((name) => (isName(name) ? name : path.resolve(HERE, name))) ?? TESTEES,
      contracts: path.resolve(HERE, flags.contracts),
      size: runSize(DEFAULT_CASES),
      ...(flags.only === undefined ? {} : { suites: flags.only }),
      ...(flags.knownFailures === undefined ? {} : { knownFailures: path.resolve(HERE, flags.knownFailures) }),
      ...(flags.timeoutMs === undefined ? {} : { requestTimeoutMs: flags.timeoutMs }),
    });
    process.stdout.write(flags.json === true ? `${JSON.stringify(reports, null, 2)}\n` : text(reports));
    process.exitCode = reports.some(({ failed }) => failed > 0) ? 1 : 0;
  });

function isName(testee: string): boolean {
  return (TESTEES as readonly string[]).includes(testee);
}

function collectSuites(value: string, before: readonly Suite[] | undefined): readonly Suite[] {
  const suite = SUITES.find((each) => each === value);
  if (suite === undefined) throw new InvalidArgumentError(`known are ${SUITES.join(", ")}`);
  return [...(before ?? []), suite];
}

function parseMs(value: string): number {
  if (!/^[1-9][0-9]{0,6}$/.test(value)) throw new InvalidArgumentError("expected a whole number of ms above 0");
  return Number(value);
}

/** Failures first, one closing line for each testee, and one for all. */
function text(reports: readonly TesteeReport[]): string {
  const lines: string[] = [];
  for (const { testee, failures, skips } of reports) {
    for (const { check, why } of failures) lines.push(`FAILED ${testee} ${check}: ${why}`);
    for (const { check, why } of skips) lines.push(`SKIPPED ${testee} ${check}: ${why}`);
  }
  for (const { testee, known, restarts, ...counts } of reports) {
    const more = [
      known === 0 ? "" : `, ${known} known failures`,
      restarts === 0 ? "" : `, started again ${restarts} times`,
    ];
    lines.push(`${testee}: ${closingLine(counts)}${more.join("")}`);
  }
  const sum = (of: (report: TesteeReport) => number): number => reports.reduce((total, each) => total + of(each), 0);
  const all = {
    passed: sum((one) => one.passed),
    failed: sum((one) => one.failed),
    skipped: sum((one) => one.skipped),
  };
  return `${[...lines, closingLine(all)].join("\n")}\n`;
}

function closingLine({ passed, failed, skipped }: Pick<TesteeReport, "passed" | "failed" | "skipped">): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

try {
  await command.parseAsync();
} catch (error) {
  const problems = error instanceof CompileError ? error.problems.map((problem) => `\n  ${problem}`).join("") : "";
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}${problems}\n`);
  process.exitCode = 2;
}
