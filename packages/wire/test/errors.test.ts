import { readFileSync } from "node:fs";
import { CachepactError, type ErrorCode, errors, isCachepactError } from "@cachepact/wire";
import { describe, expect, test } from "vitest";

test("the message is the code, what was attempted and what to do", () => {
  const error = new CachepactError("E_FULL", "put a preference: the log is full; try again later", {
    retryAfterMs: 250,
  });
  expect(error.message).toBe("E_FULL: put a preference: the log is full; try again later");
  expect(error).toMatchObject({ name: "CachepactError", code: "E_FULL", retryable: true, retryAfterMs: 250 });
  expect(error).toBeInstanceOf(Error);
});

test("a detail that does not apply is no property", () => {
  const error = new CachepactError("E_TYPE", "x", { field: undefined, cause: undefined });
  expect(Object.keys(error).toSorted()).toEqual(["code", "name", "retryable"]);
  expect("cause" in error).toBe(false);
});

test("every detail is kept", () => {
  const cause = new Error("socket closed");
  const details = { field: "a.b", current: 7, op: "o1", committed: true, problems: ["one", "two"] } as const;
  expect(new CachepactError("E_CONFLICT", "x", { cause, ...details })).toMatchObject({ cause, ...details });
});

describe("isCachepactError", () => {
  test("tells by code", () => {
    const error = new CachepactError("E_RANGE", "x");
    expect(isCachepactError(error)).toBe(true);
    expect(isCachepactError(error, "E_RANGE")).toBe(true);
    expect(isCachepactError(error, "E_TYPE")).toBe(false);
  });

  test("knows the error of another copy of this package", () => {
    const other = Object.assign(new Error("E_RANGE: x"), { name: "CachepactError", code: "E_RANGE", retryable: false });
    expect(isCachepactError(other, "E_RANGE")).toBe(true);
  });

  test.each([new Error("E_RANGE"), { name: "CachepactError", code: "E_RANGE" }, null, "E_RANGE", undefined])(
    "%s is none",
    (error) => expect(isCachepactError(error)).toBe(false),
  );

  test("a code that this version does not know is none", () => {
    const other = Object.assign(new Error("x"), { name: "CachepactError", code: "toString" });
    expect(isCachepactError(other)).toBe(false);
  });
});

test("the generated table is the vocabulary", () => {
  const file = readFileSync(new URL("../vocabulary/errors.json", import.meta.url), "utf8");
  const rows = (JSON.parse(file) as { errors: ({ code: ErrorCode } & (typeof errors)[ErrorCode])[] }).errors;
  expect(Object.entries(errors)).toEqual(rows.map(({ code, ...spec }) => [code, spec]));
});
