import type * as wire from "@cachepact/wire";
import { expectTypeOf, test } from "vitest";

import type * as lock from "../src/lock.ts";

test("the compiler writes the lock that the wire reads", () => {
  expectTypeOf<lock.ContractLock>().toEqualTypeOf<wire.ContractLock>();
  expectTypeOf<lock.EntityRecord>().toEqualTypeOf<wire.EntityRecord>();
  expectTypeOf<lock.KeySegment>().toEqualTypeOf<wire.KeySegment>();
  expectTypeOf<lock.Field>().toEqualTypeOf<wire.Field>();
});
