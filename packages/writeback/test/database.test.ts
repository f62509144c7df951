import { describe, expect, test } from "vitest";
import { classifyFailure, sqlState } from "../src/database.ts";
import { parseInfo } from "../src/redis.ts";

function refusal(code: string): Error {
  return Object.assign(new Error("refused"), { code, severity: "ERROR" });
}

describe("a failed statement", () => {
  test.each(["08006", "25006", "40001", "40P01", "53300", "55P03", "57014", "57P01", "57P03", "58030"])(
    "with %s is tried again",
    (code) => {
      expect(classifyFailure(refusal(code))).toBe("transient");
    },
  );

  test.each(["22001", "22P05", "23502", "23505", "23514"])("with %s is the row's fault", (code) => {
    expect(classifyFailure(refusal(code))).toBe("refused");
  });

  test.each(["42P01", "42703", "42501", "28P01", "3D000", "XX000", "P0001"])(
    "with %s needs somebody to act",
    (code) => {
      expect(classifyFailure(refusal(code))).toBe("database");
    },
  );

  test("without an answer of the server is tried again", () => {
    expect(classifyFailure(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))).toBe("transient");
    expect(classifyFailure(new Error("Query read timeout"))).toBe("transient");
    // Five characters, but of the operating system.
    expect(sqlState(Object.assign(new Error("pipe"), { code: "EPIPE" }))).toBeUndefined();
  });
});

describe("INFO", () => {
  test("gives the process, the memory limit and the eviction policy", () => {
    const text =
      "# Server\r\nredis_version:7.2.4\r\nrun_id:abc123\r\n# Memory\r\nmaxmemory:1048576\r\nmaxmemory_policy:noeviction\r\n";
    expect(parseInfo(text)).toEqual({ run: "abc123", memoryMaxBytes: 1_048_576, evictionPolicy: "noeviction" });
  });

  test("of something that hides the server is refused", () => {
    expect(() => parseInfo("# Server\r\nredis_version:7.2.4\r\n")).toThrow(
      expect.objectContaining({ code: "E_UNAVAILABLE" }),
    );
  });
});
