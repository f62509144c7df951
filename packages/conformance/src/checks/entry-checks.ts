import type { EntityRecord } from "@cachepact/wire";
import { completeNeutral, type Neutral } from "@cachepact/wire/testing";
import { type Ask, answer, type Check, expectAnswer, expectError, expectSame } from "../check.ts";
import { type FixtureCase, unknownKind } from "../fixture-file.ts";
import type { Entities } from "./entities.ts";
import { completed } from "./value-checks.ts";

/** What Redis holds under a value key: entries.json. */
export function entryChecks(entities: Entities, cases: readonly FixtureCase[]): Check[] {
  return cases.map((each) => ({
    name: `entries/${each.name}`,
    run: (ask) => check(entities.named(each["entity"]), each, ask),
  }));
}

async function check(record: EntityRecord, each: FixtureCase, ask: Ask): Promise<void> {
  const { message } = record.schema;
  const { value, meta, bytes, key } = each;
  const encode = { op: "entry.encode", message, value, meta };
  switch (each.kind) {
    case "entry":
      await expectAnswer(ask, encode, { hex: bytes });
      return expectEntry(record, ask, { hex: bytes, key }, value as Neutral, each["result"] as object);
    case "accept":
      return expectEntry(record, ask, { hex: bytes, key }, value as Neutral, each["result"] as object);
    case "reject":
      return expectError(ask, { op: "entry.decode", message, hex: bytes, key }, String(each["error"]));
    case "encode-error":
      return expectError(ask, encode, String(each["error"]));
    default:
      return unknownKind("entries", each);
  }
}

/** Demands that an entry is read as this value, with these members beside it. */
export async function expectEntry(
  record: EntityRecord,
  ask: Ask,
  entry: { readonly hex: unknown; readonly key: unknown },
  value: Neutral,
  result: object,
): Promise<void> {
  const found = await answer(ask, { op: "entry.decode", message: record.schema.message, ...entry });
  for (const [name, member] of Object.entries(result)) expectSame(`entry.decode: ${name}`, found[name], member);
  if (value === null) expectSame("entry.decode: value", found["value"], null);
  else expectSame("entry.decode: value", completed(record, found["value"]), completeNeutral(record.schema, value));
}
