import { writeFileSync } from "node:fs";

import { checkBytes } from "./check-bytes.ts";
import type { LanguageRun } from "./measurement.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { measurePython } from "./python-half.ts";
import { figuresOf, reportOf, resultsOf, save } from "./results.ts";
import { measureTypeScript } from "./typescript-half.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    const runs = await measureAll(options);
    checkBytes(runs);
    const results = resultsOf(runs, args, new Date());
    process.stdout.write(reportOf(results));
    if (options.json !== undefined) writeFileSync(options.json, figuresOf(results));
    if (options.save) for (const file of save(results)) process.stderr.write(`wrote ${file}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function measureAll(options: Options): Promise<readonly LanguageRun[]> {
  const runs: LanguageRun[] = [];
  for (const language of options.languages) {
    if (language === "python") runs.push(await measurePython(options));
    else runs.push(measureTypeScript(options, (round) => told("TypeScript", round, options.rounds)));
  }
  return runs;
}

function told(language: string, round: number, rounds: number): void {
  process.stderr.write(round === 0 ? `${language}: warm\n` : `${language}: round ${round} of ${rounds}\n`);
}
