import { readFileSync } from "node:fs";

/** One case of a fixture file; packages/wire/fixtures/README.md says what its members mean. */
export interface FixtureCase {
  readonly kind: string;
  readonly name: string;
  readonly [member: string]: unknown;
}

interface FixtureFile {
  readonly format: number;
  readonly count: number;
  readonly cases: readonly FixtureCase[];
}

/**
 * The cases of a fixture file.
 *
 * @throws {Error} it has another format, or was cut short: `count` is the exact number of cases
 */
export function fixtureCases(file: string): readonly FixtureCase[] {
  const { format, count, cases } = JSON.parse(readFileSync(file, "utf8")) as FixtureFile;
  if (format !== 1) throw new Error(`${file} has format ${format}, this runner knows 1`);
  if (cases.length !== count) throw new Error(`${file} holds ${cases.length} cases, its count is ${count}`);
  return cases;
}

/** A case of a kind that the runner does not know would be a rule that nobody checks. */
export function unknownKind(suite: string, each: FixtureCase): never {
  throw new Error(`${suite}/${each.name} is of kind ${each.kind}, which this runner does not know`);
}
