/**
 * Freezes the fixtures of a release, or checks what is frozen.
 *
 *     node scripts/freeze.ts --release 0.1.0    copies the fixtures to fixtures/frozen/0.1.0; only ever adds
 *     node scripts/freeze.ts                    exit 1 with the list of what breaks a frozen release
 *
 * `--fixtures DIR --lock FILE` names another folder than this package's own: the golden entries of a contract folder.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { baseProblems, freeze, frozenProblems, frozenReleases } from "./frozen.ts";

const own = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

const { values } = parseArgs({
  options: { release: { type: "string" }, fixtures: { type: "string" }, lock: { type: "string" } },
});
const folder = { fixtures: values.fixtures ?? own("."), lock: values.lock ?? own("contract/contracts.lock.json") };

try {
  const problems = [...frozenProblems(folder), ...baseProblems(folder)];
  if (problems.length > 0) throw new Error(problems.join("\n"));
  if (values.release === undefined) {
    const releases = frozenReleases(folder);
    console.log(releases.length === 0 ? "nothing is frozen yet" : `as they were released: ${releases.join(", ")}`);
  } else for (const file of freeze(folder, values.release)) console.log(`wrote ${file}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
