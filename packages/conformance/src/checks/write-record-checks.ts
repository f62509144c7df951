import { type Ask, type Check, expectAnswer, expectError } from "../check.ts";
import { type FixtureCase, unknownKind } from "../fixture-file.ts";
import type { Entities } from "./entities.ts";
import { completeHeader } from "./frame-checks.ts";

/** Write-behind items and stream entries: write-records.json. */
export function writeRecordChecks(entities: Entities, cases: readonly FixtureCase[]): Check[] {
  return cases.map((each) => ({ name: `write-records/${each.name}`, run: (ask) => check(entities, each, ask) }));
}

function check(entities: Entities, each: FixtureCase, ask: Ask): Promise<void> {
  const { id, head, payload, stream, fields, generation, version, frame } = each;
  const item = (): { readonly op: string } => {
    const { message } = entities.named(each["entity"]).schema;
    return { op: "write.encode", message, entry_id: id, value: each["value"] } as { readonly op: string };
  };
  const event = { op: "write.decode", stream, fields };
  switch (each.kind) {
    case "item":
      return expectAnswer(ask, item(), { entry_id: id, head, payload });
    case "item-error":
      return expectError(ask, item(), String(each["error"]));
    case "event":
      return expectAnswer(ask, event, {
        entry_id: id,
        generation,
        version,
        header: completeHeader(each["header"] as object),
        payload,
        frame,
      });
    case "event-reject":
      return expectError(ask, event, String(each["error"]));
    default:
      return unknownKind("write-records", each);
  }
}
