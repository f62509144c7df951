import { expect, test } from "vitest";
import { entities, ofKind } from "./fixture.ts";
import { checkCase } from "./fixture-case.ts";

test.each(ofKind("boundaries", "boundary"))("$name: $why", (each) => {
  expect(() => checkCase({ format: 1, entities }, "boundaries.json", each)).not.toThrow();
});
