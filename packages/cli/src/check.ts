import { type CheckReport, CONFIG_FILE_NAME, CompileError, check, type Finding } from "@cachepact/compiler";
import { Command, CommanderError } from "commander";

import type { Output } from "./run.ts";

/** `cachepact check`: may this contract be released beside what was released before? */
export function checkCommand(stdout: Output): Command {
  return new Command("check")
    .summary("refuse changes that would break entries in Redis or programs of another release")
    .description(
      "Checks a contract before it is merged: buf lint, generated output up to date, buf breaking (WIRE_JSON) against the " +
        "last release, a comparison with every live snapshot of the history, and generations that rise in three releases. " +
        "Reports everything that it finds and writes nothing.",
    )
    .option("--config <path>", `the configuration, or the folder that holds ${CONFIG_FILE_NAME}`, CONFIG_FILE_NAME)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExit code: 0 when nothing is refused (there may be warnings), 1 when something is, or after an error.",
    )
    .action(async ({ config, json }: { config: string; json?: true }) => {
      if (json) await printJson(config, stdout);
      else print(await check(config), stdout);
    });
}

/** One document on stdout, whatever happens, and nothing on stderr: the exit code says the rest. */
async function printJson(config: string, stdout: Output): Promise<void> {
  const { ok, document } = await judged(config);
  stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  if (!ok) throw new CommanderError(1, "cachepact.refused", "the document says why");
}

async function judged(config: string): Promise<{ readonly ok: boolean; readonly document: object }> {
  try {
    const report = await check(config);
    return { ok: report.ok, document: report };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const { code, message, problems } = error;
    return { ok: false, document: { ok: false, error: { code, message, problems } } };
  }
}

function print(report: CheckReport, stdout: Output): void {
  const warnings = report.findings.filter(({ verdict }) => verdict === "warning");
  for (const warning of warnings) stdout.write(`${textOf(warning)}\n`);
  for (const note of report.notes) stdout.write(`note: ${note}\n`);
  if (!report.ok) throw new Refused(report);
  const { entities, releases } = report;
  const last = releases.at(-1);
  const compared = last === undefined ? "" : `, compatible with ${count(releases.length, "release")} up to ${last}`;
  stdout.write(`${count(entities, "entity", "entities")}${compared}, ${count(warnings.length, "warning")}\n`);
}

/** What the gate refuses: printed as an error is, with every refusal in full. */
class Refused extends CompileError {
  constructor({ findings }: CheckReport) {
    const refused = findings.filter(({ verdict }) => verdict === "refused");
    const code = refused.find((finding) => finding.code !== "E_COMPATIBILITY")?.code ?? "E_COMPATIBILITY";
    super(code, `the contract cannot be released, ${count(refused.length, "refusal")}`, refused.map(textOf));
  }
}

/** A finding on four lines: where and what, whom it breaks, what to do instead. */
function textOf({
  verdict,
  rule,
  code,
  entity,
  generation,
  field,
  file,
  line,
  change,
  breaks,
  instead,
}: Finding): string {
  const place = file === undefined ? "" : `${file}:${line}: `;
  const name = entity === null ? "" : `${entity}@${generation}${field === undefined ? "" : ` ${field}`}: `;
  const label = verdict === "warning" ? `warning: ${rule}` : `${code} ${rule}`;
  return [`${place}${name}${change} (${label})`, `    breaks ${breaks}`, `    instead: ${instead}`].join("\n");
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
