import { beforeAll, expect, test } from "vitest";

import { problemsOfEach } from "./scratch-contract.ts";

/** A proto with one mistake. */
export interface RefusedCase {
  readonly name: string;
  readonly proto: string;
  /** Line and declaration that the problem names, such as `9: shop.v1.Thing.id`. */
  readonly at: string;
  /** What else it says: what was found, and the way out. */
  readonly says: readonly string[];
}

/** One test a case; all protos are compiled in one go. */
export function refuses(cases: readonly RefusedCase[]): void {
  let problems: readonly (readonly string[])[] = [];
  beforeAll(async () => {
    problems = await problemsOfEach(cases.map(({ proto }) => proto));
  });
  test.each(cases.map((each, index) => ({ ...each, index })))("$name", ({ at, says, index }) => {
    const found = problems[index] ?? [];
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`proto/shop/v1/thing.proto:${at}: `);
    for (const text of says) expect(found[0]).toContain(text);
  });
}
