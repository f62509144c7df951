import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness, token } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

describe("release", () => {
  test("gives a reader's lease back", async () => {
    const entry = harness.entry();
    await entry.acquire("a");
    expect(await entry.release("a")).toMatchObject({ code: "OK", rest: [] });
    expect((await entry.records()).lease).toBeNull();
    expect((await entry.acquire("b")).code).toBe("LEASE");
  });

  test("wakes those that wait, nobody else", async () => {
    const waited = harness.entry();
    await waited.acquire("a");
    await waited.acquire("b");
    const alone = harness.entry();
    await alone.acquire("a");
    const messages = await harness.published(["wake"], async () => {
      await waited.release("a", "wake");
      await alone.release("a", "wake");
      await alone.release("a", "wake");
    });
    expect(messages).toEqual([["wake", waited.value]]);
    expect((await waited.records()).lease).toBeNull();
  });

  test.each([null, `r${token("b")}`, `R${token("b")}`, `w${token("a")}`, `s${token("a")}`])(
    "is LOST with the lease %j and leaves it",
    async (lease) => {
      const entry = harness.entry();
      if (lease !== null) await harness.redis.set(entry.lease, lease);
      const before = await harness.dump();
      expect((await entry.release("a", "wake")).code).toBe("LOST");
      expect(await harness.dump()).toEqual(before);
    },
  );
});
