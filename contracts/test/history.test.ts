import { readdirSync } from "node:fs";
import { expect, test } from "vitest";

// `cachepact check` takes a contract without any snapshot for one that was never released. This one was.
test("the snapshots of what was released are there", () => {
  const files = readdirSync(new URL("../history/", import.meta.url));
  expect(files).toEqual(expect.arrayContaining(["0001-0.1.0.json", "baseline.binpb"]));
});
