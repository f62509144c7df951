import { expect, test } from "vitest";

import { DEFAULT_ROUNDS, DEFAULT_SLICE_MS, parseOptions } from "../src/codecs/options.ts";

test("both languages with many rounds unless told otherwise", () => {
  expect(parseOptions([])).toEqual({
    rounds: DEFAULT_ROUNDS,
    sliceMs: DEFAULT_SLICE_MS,
    languages: ["typescript", "python"],
    json: undefined,
    save: false,
    help: false,
  });
});

test("options, also behind the -- that npm passes on", () => {
  expect(parseOptions(["--", "--rounds", "7", "--language", "python", "--json", "out.json", "--save"])).toMatchObject({
    rounds: 7,
    languages: ["python"],
    json: "out.json",
    save: true,
  });
});

test("quick is fewer and shorter rounds; --rounds still counts", () => {
  const quick = parseOptions(["--quick"]);
  expect(quick.rounds).toBeLessThan(DEFAULT_ROUNDS);
  expect(quick.sliceMs).toBeLessThan(DEFAULT_SLICE_MS);
  expect(parseOptions(["--quick", "--rounds", "2"])).toEqual({ ...quick, rounds: 2 });
});

test.each([
  [["--rounds", "0"], "--rounds"],
  [["--rounds", "many"], "--rounds"],
  [["--language", "rust"], "--language"],
  [["--fast"], "--fast"],
  [["run"], "run"],
])("%j is refused", (args, named) => {
  expect(() => parseOptions(args)).toThrow(named);
});
