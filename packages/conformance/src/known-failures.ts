import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Where the lists of this repository lie: one file a testee, `typescript.txt`. */
export const KNOWN_FAILURES: string = fileURLToPath(new URL("../known-failures/", import.meta.url));

/**
 * The checks that a testee is known to fail: one name a line, `#` begins a comment. They are run all the same, and one
 * that passes is a failure, so that a list only ever gets shorter. No file = nothing is known to fail.
 *
 * @param testee its name or path; the list is named by its last part, without an extension
 */
export function knownFailures(folder: string, testee: string): ReadonlySet<string> {
  const file = path.join(folder, `${path.parse(testee).name}.txt`);
  if (!existsSync(file)) return new Set();
  const lines = readFileSync(file, "utf8").split("\n");
  return new Set(lines.map((line) => line.replace(/#.*/, "").trim()).filter((line) => line !== ""));
}
