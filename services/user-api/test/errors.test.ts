import { CachepactError } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import {
  badRequest,
  conflict,
  DatabaseUnavailable,
  errorBody,
  notFound,
  retryAfterSeconds,
  toHttpError,
} from "../src/errors.ts";

describe("errors as a client sees them", () => {
  test("the body is one object with code, message and, where there is one, the field", () => {
    expect(errorBody(notFound("user 7"))).toBe('{"error":{"code":"NOT_FOUND","message":"user 7 does not exist"}}');
    expect(JSON.parse(errorBody(badRequest("E_TYPE", "no", "id")))).toEqual({
      error: { code: "E_TYPE", message: "no", field: "id" },
    });
    expect(JSON.parse(errorBody(conflict("user 7", 2, 3))).error).toMatchObject({ code: "CONFLICT", field: "version" });
  });

  test("an HttpError is found behind the errors that wrap it", () => {
    const wrapped = new CachepactError("E_LOADER", "cannot load", {
      cause: new Error("outer", { cause: new DatabaseUnavailable(new Error("refused")) }),
    });
    expect(toHttpError(wrapped)).toMatchObject({ status: 503, code: "UNAVAILABLE" });
  });

  test.each(["E_UNAVAILABLE", "E_FULL", "E_FENCE", "E_LOAD_TIMEOUT", "E_UNKNOWN", "E_CLOSED"] as const)(
    "%s means not now: 503 with Retry-After",
    (code) => {
      const answer = toHttpError(new CachepactError(code, "secret detail"));
      expect(answer).toMatchObject({ status: 503, code });
      expect(retryAfterSeconds(answer)).toBe("1");
      expect(errorBody(answer)).not.toContain("secret detail");
    },
  );

  test("Retry-After is what the cache says, rounded up to seconds", () => {
    expect(retryAfterSeconds(toHttpError(new CachepactError("E_FULL", "full", { retryAfterMs: 2_100 })))).toBe("3");
    expect(retryAfterSeconds(toHttpError(new CachepactError("E_FULL", "full", { retryAfterMs: 0 })))).toBe("1");
    expect(retryAfterSeconds(notFound("user 7"))).toBeUndefined();
  });

  test("codes that blame a value are a failure of the service when no request was being read", () => {
    expect(toHttpError(new CachepactError("E_TYPE", "cannot encode"))).toMatchObject({ status: 500, code: "E_TYPE" });
  });

  test.each([new Error("password=s3cret"), "a string", undefined])("anything else is a bare 500", (thrown) => {
    const answer = toHttpError(thrown);
    expect(answer).toMatchObject({ status: 500, code: "INTERNAL" });
    expect(errorBody(answer)).not.toContain("s3cret");
  });
});
