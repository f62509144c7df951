import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CompileError, type CompileErrorCode } from "../src/index.ts";

const vocabulary = new URL(import.meta.resolve("@cachepact/wire/vocabulary/errors.json"));

test("the compiler's codes are in the closed list of the wire", () => {
  const codes: Record<CompileErrorCode, true> = {
    E_COMPATIBILITY: true,
    E_CONFIG: true,
    E_GENERATED: true,
    E_HISTORY: true,
    E_PROTO: true,
  };
  const { errors }: { errors: readonly { code: string }[] } = JSON.parse(readFileSync(vocabulary, "utf8"));
  expect(errors.map(({ code }) => code)).toEqual(expect.arrayContaining(Object.keys(codes)));
});

test("an error says what was attempted, then every problem on a line of its own", () => {
  const error = new CompileError("E_PROTO", "the contract cannot be compiled, 2 problems", ["a: b; c", "d: e; f"]);
  expect(error.message).toBe("E_PROTO: the contract cannot be compiled, 2 problems\n  a: b; c\n  d: e; f");
  expect(error).toMatchObject({ name: "CompileError", code: "E_PROTO", problems: ["a: b; c", "d: e; f"] });
});
