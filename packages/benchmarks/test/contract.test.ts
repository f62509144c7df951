import { fileURLToPath } from "node:url";

import { checkGenerated } from "@cachepact/compiler";
import { expect, test } from "vitest";

test("the contract's generated files are up to date", async () => {
  const config = fileURLToPath(new URL("../contract/cachepact.json", import.meta.url));
  const found = await checkGenerated(config);
  expect(found.unchanged.length).toBeGreaterThan(3);
});
