import type { CodecName } from "@cachepact/wire";
import fc from "fast-check";
import { describe, test } from "vitest";
import { onlyItsOwn, roundTrip } from "./codec-property.ts";

const names: readonly CodecName[] = ["json", "msgpack", "protobuf"];

describe("many values of many schemas", () => {
  test.each(names)("%s: a strict decode of the encoding gives the value", (name) => {
    fc.assert(roundTrip(name), { numRuns: 20_000 });
  });

  test.each(names)("%s: a strict decode accepts no other bytes than its own encoding", (name) => {
    fc.assert(onlyItsOwn(name), { numRuns: 30_000 });
  });
});
