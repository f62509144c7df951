import type { EntityRecord } from "@cachepact/wire";
import { keyFromNeutral, keyToNeutral, type NeutralMembers } from "@cachepact/wire/testing";
import { type Ask, answer, type Check, expectAnswer, expectError, expectSame } from "../check.ts";
import { type FixtureCase, unknownKind } from "../fixture-file.ts";
import type { Entities } from "./entities.ts";

/** Keys, slots, partitions and channels: keys.json. */
export function keyChecks(entities: Entities, cases: readonly FixtureCase[]): Check[] {
  return cases.map((each) => ({ name: `keys/${each.name}`, run: (ask) => check(entities, each, ask) }));
}

function check(entities: Entities, each: FixtureCase, ask: Ask): Promise<void> {
  switch (each.kind) {
    case "key":
      return key(entities.named(each["entity"]), each, ask);
    case "key-one-way":
      return expectAnswer(ask, build(entities.named(each["entity"]), each), {
        id: each["id"],
        value: each["value"],
        slot: each["slot"],
      });
    case "key-reject":
      return expectError(ask, build(entities.named(each["entity"]), each), String(each["error"]));
    case "parse-reject":
      return expectError(
        ask,
        {
          op: "key.parse",
          message: entities.named(each["entity"]).schema.message,
          namespace: each["namespace"],
          text: each["text"],
        },
        String(each["error"]),
      );
    case "slot":
      return expectAnswer(ask, { op: "key.slot", key: each["key"] }, { slot: each["slot"] });
    case "channels":
      return expectAnswer(
        ask,
        { op: "key.channels", namespace: each["namespace"] },
        { l1: each["l1"], wake: each["wake"] },
      );
    case "partition": {
      const { message } = entities.named(each["entity"]).schema;
      const request = { op: "key.partition", message, entry_id: each["id"] };
      return expectAnswer(ask, request, { partition: each["partition"] });
    }
    default:
      return unknownKind("keys", each);
  }
}

function build(record: EntityRecord, each: FixtureCase): { readonly op: string } {
  const { namespace, key: params, generation } = each;
  return {
    op: "key.build",
    message: record.schema.message,
    namespace,
    key: params,
    ...(generation === undefined ? {} : { generation }),
  } as { readonly op: string };
}

async function key(record: EntityRecord, each: FixtureCase, ask: Ask): Promise<void> {
  const { id, value, lease, floor, writers, log } = each;
  await expectAnswer(ask, build(record, each), { id, value, lease, floor, writers, log, slot: each["slot"] });
  const besides = log === null ? [] : Object.values(log as object).filter((member) => typeof member === "string");
  for (const one of [value, lease, floor, writers, ...besides]) {
    await expectAnswer(ask, { op: "key.slot", key: one }, { slot: each["slot"] });
  }
  const { message } = record.schema;
  const expected = settled(record, each["key"] as NeutralMembers);
  const fromId = await answer(ask, { op: "key.from-id", message, entry_id: id });
  expectSame("key.from-id", fromId["key"], expected);
  if (each["generation"] !== undefined) return;
  const parsed = await answer(ask, { op: "key.parse", message, namespace: each["namespace"], text: value });
  expectSame("key.parse", parsed["key"], expected);
}

/** Parameters as a testee gives them: long text written out. */
function settled(record: EntityRecord, params: NeutralMembers): NeutralMembers {
  return keyToNeutral(record, keyFromNeutral(record, params));
}
