import { describe, expect, test } from "vitest";
import { classify, TransportError } from "../src/store/transport-error.ts";

class ReplyError extends Error {
  override readonly name = "ReplyError";
}

describe("transport error", () => {
  test.each([
    [new ReplyError("OOM command not allowed when used memory > 'maxmemory'."), "oom", "none", "OOM"],
    [new ReplyError("NOSCRIPT No matching script."), "error", "none", "NOSCRIPT"],
    [new ReplyError("LOADING Valkey is loading the dataset in memory"), "error", "none", "LOADING"],
    [new ReplyError("READONLY You can't write against a read only replica."), "error", "none", "READONLY"],
    [new ReplyError("MISCONF Valkey is configured to save RDB snapshots"), "error", "none", "MISCONF"],
    [new ReplyError("BADARG fill: px must be …"), "error", "none", "BADARG"],
    [new ReplyError("WRONGTYPE Operation against a key"), "error", "unknown", "WRONGTYPE"],
    [new ReplyError("ERR something new"), "error", "unknown", "ERR"],
    [new Error("Stream isn't writeable and enableOfflineQueue options is false"), "unavailable", "none", "UNAVAILABLE"],
    [new Error("Connection is closed."), "unavailable", "unknown", "CUT"],
    ["odd", "unavailable", "unknown", "CUT"],
  ])("%s", (error, reason, effect, word) => {
    expect(classify(error)).toMatchObject({ reason, effect, word });
  });

  test("what is classified stays as it is", () => {
    const error = new TransportError("timeout", "none", "TIMEOUT", "late");
    expect(classify(error)).toBe(error);
  });
});
