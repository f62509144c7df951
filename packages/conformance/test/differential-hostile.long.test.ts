import { describe, expect, test } from "vitest";
import { heavyLoads } from "../src/differential/hostile.ts";
import { hostileFixture, MIB } from "./hostile.ts";

const fixture = hostileFixture();

/** What a process may hold of 1 MiB: a list of empty messages becomes records of a hundred times their bytes. */
const MOST_BYTES = 700 * MIB;

describe("a megabyte that is meant to cost more", () => {
  // A reader whose time rises with the square of the input needs hours for one of these: the watchdog sees it.
  test.each(["json", "msgpack", "protobuf"])("%s: is read or refused in time and within memory", async (codec) => {
    const grown = await fixture.growth(async () => {
      for (const input of heavyLoads(MIB)) {
        if (input.codec === codec) expect(await fixture.problems([input])).toEqual([]);
      }
    });
    for (const bytes of grown) expect(bytes).toBeLessThan(MOST_BYTES);
    for (const { testee } of fixture.measured) expect(testee.restarts).toBe(0);
  });
});
