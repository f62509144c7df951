import { describe, expect, test } from "vitest";
import { type Hostile, heavyLoads } from "../src/differential/hostile.ts";
import type { Testee } from "../src/testee.ts";
import { decodeHostile, hostileFixture, MIB } from "./hostile.ts";

const fixture = hostileFixture();

/** What a process may hold of 1 MiB: a list of empty messages becomes records of a hundred times their bytes. */
const MOST_BYTES = 700 * MIB;

describe("a megabyte that is meant to cost more", () => {
  test.each(["json", "msgpack", "protobuf"])("%s: is read or refused in time and within memory", async (codec) => {
    const grown = await fixture.growth(async () => {
      for (const input of heavyLoads(MIB)) {
        if (input.codec === codec) expect(await fixture.problems([input])).toEqual([]);
      }
    });
    for (const bytes of grown) expect(bytes).toBeLessThan(MOST_BYTES);
    for (const { testee } of fixture.measured) expect(testee.restarts).toBe(0);
  });

  test("four times the input takes nowhere near sixteen times the time", async () => {
    const [small, large] = [heavyLoads(MIB / 4), heavyLoads(MIB)];
    for (const { testee } of fixture.measured) {
      for (const [index, input] of large.entries()) {
        const [short, long] = [await timed(testee, small[index] as Hostile), await timed(testee, input)];
        // Under 400 ms it is the machine that decides.
        expect([input.codec, input.name, long < 400 || long < 12 * short]).toEqual([input.codec, input.name, true]);
      }
    }
  });
});

/** The best of three: another process that runs meanwhile only ever makes it slower. */
async function timed(testee: Testee, input: Hostile): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    const start = performance.now();
    await testee.ask(decodeHostile(input));
    times.push(performance.now() - start);
  }
  return Math.min(...times);
}
