import type { EntityRecord } from "@cachepact/wire";
import type { Neutral } from "@cachepact/wire/testing";
import { type Ask, type Check, expectAnswer } from "../check.ts";
import type { FixtureCase } from "../fixture-file.ts";
import { expectEntry } from "./entry-checks.ts";

/** Golden entries of one entity of a contract folder: `fixtures/<entity>.json` there. */
export function goldenEntryChecks(record: EntityRecord, cases: readonly FixtureCase[]): Check[] {
  return cases.map((each) => ({ name: `golden/${each.name}`, run: (ask) => check(record, each, ask) }));
}

async function check(record: EntityRecord, each: FixtureCase, ask: Ask): Promise<void> {
  const { message } = record.schema;
  const { value, key, redis_key, payload, entry } = each;
  const { stale_at_ms = 0, created_at_ms = 0, cost_ms = 0, version = 0, dirty = false } = each;
  await expectAnswer(ask, { op: "key.build", message, key }, { value: redis_key });
  for (const path of ["generated", "interpreter"]) {
    await expectAnswer(ask, { op: "value.encode", message, value, path }, { hex: payload });
  }
  // Without a log the version is the value's own.
  const meta = { stale_at_ms, created_at_ms, cost_ms, dirty, ...(record.log === null ? {} : { version }) };
  await expectAnswer(ask, { op: "entry.encode", message, value, meta }, { hex: entry });
  const result = { version, stale_at_ms, created_at_ms, cost_ms, dirty, foreign: false };
  await expectEntry(record, ask, { hex: entry, key }, value as Neutral, result);
}
