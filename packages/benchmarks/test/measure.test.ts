import { expect, test } from "vitest";

import { checkBytes } from "../src/codecs/check-bytes.ts";
import type { Contender } from "../src/codecs/contender.ts";
import { lastResult, measure } from "../src/codecs/measure.ts";
import type { LanguageRun } from "../src/codecs/measurement.ts";
import type { User } from "../src/codecs/user.ts";

function recording(name: string, calls: string[]): Contender {
  return {
    name,
    subject: (user) => user,
    encode: (subject) => {
      calls.push(`${name} encode`);
      return Buffer.from(String((subject as User).id));
    },
    decode: (bytes) => {
      calls.push(`${name} decode`);
      return bytes.toString();
    },
    restore: (decoded) => decoded as User,
  };
}

test("each operation of each contender has one figure a round, the first round's dropped", () => {
  const rounds: number[] = [];
  const calls: string[] = [];
  const measured = measure([recording("a", calls), recording("b", calls)], { rounds: 3, sliceMs: 0.01 }, (round) =>
    rounds.push(round),
  );
  expect(rounds).toEqual([0, 1, 2, 3]);
  expect(measured.map(({ name }) => name)).toEqual(["a", "b"]);
  for (const { cells } of measured) {
    expect(cells.map(({ size }) => size)).toEqual(["small", "large"]);
    for (const { encode, decode, bytes } of cells) {
      expect(encode).toHaveLength(3);
      expect(decode).toHaveLength(3);
      for (const time of [...encode, ...decode]) expect(time).toBeGreaterThanOrEqual(0);
      expect(bytes).toBe(7);
    }
  }
});

test("contenders take turns within a round, and rounds begin at different ones", () => {
  const calls: string[] = [];
  measure([recording("a", calls), recording("b", calls)], { rounds: 3, sliceMs: 0.01 }, () => calls.push("|"));
  const rounds = calls.join(",").split("|").slice(1, 4);
  for (const round of rounds) {
    const turns = round.split(",").filter((call, at, all) => call !== "" && call !== all[at - 1]);
    expect(new Set(turns)).toEqual(new Set(["a encode", "a decode", "b encode", "b decode"]));
  }
  expect(new Set(rounds.map((round) => round.split(",").find((call) => call !== ""))).size).toBeGreaterThan(1);
});

test("results are kept where the compiler cannot drop them", () => {
  measure([recording("a", [])], { rounds: 1, sliceMs: 0.01 }, () => {});
  expect(lastResult()).toBeDefined();
});

test("a contender that only reads has no encode figures", () => {
  const { encode: _, ...reader } = recording("a", []);
  const payload = (): Uint8Array => Buffer.from("x");
  const [measured] = measure([{ ...reader, payload }], { rounds: 1, sliceMs: 0.01 }, () => {});
  expect(measured?.cells.map((cell) => [cell.encode.length, cell.decode.length])).toEqual([
    [0, 1],
    [0, 1],
  ]);
});

test("bytes that differ between paths or languages are named", () => {
  const row = (name: string, digest: string): LanguageRun["contenders"][number] => ({
    name,
    cells: (["small", "large"] as const).map((size) => ({ size, bytes: 1, encode: [], decode: [], digest })),
  });
  const runOf = (language: LanguageRun["language"], contenders: LanguageRun["contenders"]): LanguageRun => ({
    language,
    versions: {},
    contenders,
  });
  const typescript = runOf("TypeScript", [
    row("cachepact json, generated", "1"),
    row("cachepact json, interpreter", "1"),
  ]);
  expect(() => checkBytes([typescript, runOf("Python", [row("cachepact json, generated", "1")])])).not.toThrow();
  expect(() => checkBytes([typescript, runOf("Python", [row("cachepact json, generated", "2")])])).toThrow(
    "Python cachepact json, generated, small against TypeScript cachepact json, generated, small",
  );
  expect(() => checkBytes([typescript, runOf("Python", [row("orjson", "2")])])).not.toThrow();
});
