import { cellOf, type LanguageRun } from "./measurement.ts";
import { OURS } from "./ours.ts";
import { SIZES } from "./user.ts";

/**
 * Our bytes must be the same on every path and in every language: a path that is fast and wrong is worth nothing.
 *
 * @throws {Error} naming the rows whose bytes differ
 */
export function checkBytes(runs: readonly LanguageRun[]): void {
  const differing: string[] = [];
  const first = new Map<string, { readonly digest: string; readonly from: string }>();
  for (const run of runs) {
    for (const { name } of run.contenders.filter((contender) => contender.name.startsWith(OURS))) {
      for (const size of SIZES) {
        const { digest } = cellOf(run, name, size);
        const from = `${run.language} ${name}, ${size}`;
        // The two paths are rows of their own with one form of bytes.
        const form = `${name.replace(/, (generated|interpreter)/, "")}, ${size}`;
        const known = first.get(form);
        if (known === undefined) first.set(form, { digest, from });
        else if (known.digest !== digest) differing.push(`${from} against ${known.from}`);
      }
    }
  }
  if (differing.length === 0) return;
  throw new Error(`compare our bytes: found others in ${differing.join("; ")}; repair the codec first`);
}
