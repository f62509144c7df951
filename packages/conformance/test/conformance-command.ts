import { spawnSync } from "node:child_process";
import { REPOSITORY } from "../src/testee.ts";

interface Run {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** The command as a person runs it, from the repository's root. */
export function conformance(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Run {
  const { CACHEPACT_CASES, CACHEPACT_SEED } = process.env;
  const given = Object.entries({ CACHEPACT_CASES, CACHEPACT_SEED }).filter(([, value]) => value !== undefined);
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    ["--conditions=@cachepact/source", "packages/conformance/src/main.ts", ...args],
    {
      cwd: REPOSITORY,
      encoding: "utf8",
      maxBuffer: 2 ** 26,
      // Neither the command nor its testees may need more of an environment.
      env: { PATH: "", ...Object.fromEntries(given), ...environment },
    },
  );
  if (error !== undefined) throw error;
  return { status, lines: stdout.trimEnd().split("\n"), stderr };
}
