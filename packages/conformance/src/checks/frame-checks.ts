import { type Ask, type Check, expectAnswer, expectError } from "../check.ts";
import { type FixtureCase, unknownKind } from "../fixture-file.ts";

/** Frame headers: frames.json. */
export function frameChecks(cases: readonly FixtureCase[]): Check[] {
  return cases.map((each) => ({ name: `frames/${each.name}`, run: (ask) => check(each, ask) }));
}

const FLAGS = { negative: false, dirty: false, ascii: false };
const NUMBERS = { stale_at_ms: 0, version: 0, created_at_ms: 0, cost_ms: 0 };

/** A header as testees give it: what a fixture leaves out is 0 or false. */
export function completeHeader(header: object | undefined): object {
  return { ...FLAGS, ...NUMBERS, ...header };
}

async function check(each: FixtureCase, ask: Ask): Promise<void> {
  const { payload, bytes } = each;
  const header = each["header"] as object | undefined;
  const decode = (mode: string): { readonly op: string } => ({ op: "frame.decode", mode, hex: bytes }) as never;
  const encode = { op: "frame.encode", header, payload };
  switch (each.kind) {
    case "frame":
      await expectAnswer(ask, encode, { hex: bytes });
      await expectAnswer(ask, decode("strict"), { header: completeHeader(header), payload });
      return expectAnswer(ask, decode("lenient"), { header: completeHeader(header), payload });
    case "accept":
      await expectAnswer(ask, decode("lenient"), { header: completeHeader(header), payload });
      return expectError(ask, decode("strict"), String(each["strict"]));
    case "reject":
      await expectError(ask, decode("lenient"), String(each["error"]));
      return expectError(ask, decode("strict"), String(each["error"]));
    case "encode-error":
      return expectError(ask, encode, String(each["error"]));
    default:
      return unknownKind("frames", each);
  }
}
