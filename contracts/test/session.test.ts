import { decodeEntry, encodeEntry, entryKeys, parseKey } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import { Session, type SessionKey } from "../src/index.ts";

const SECRET = "s3cr3t-of-ada";
const ada: Session = {
  userId: 42,
  sessionId: SECRET,
  expiresAt: 1_700_043_200_000,
  authLevel: 1,
  scopes: [],
  csrf: Uint8Array.of(1, 2, 3),
};
const key: SessionKey = { userId: 42, sessionId: SECRET };

/** Everything that an error shows when it is logged. */
function shown(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `${error.message} ${JSON.stringify(error)} ${error.stack} ${String(error.cause)}`;
  }
  throw new Error("it did not throw");
}

describe("the secret of a session", () => {
  test("stands in none of its keys, with any namespace and any generation", () => {
    for (const namespace of ["", "acme"]) {
      for (const generation of [0, 1, 2]) {
        const keys = JSON.stringify(entryKeys(Session.record, namespace, key, generation));
        expect(keys).toContain("{42}");
        expect(keys).not.toContain(SECRET);
      }
    }
    expect(Session.idOf(key)).toMatch(/^42:[0-9a-f]{32}$/);
  });

  test.each<readonly [string, () => unknown, RegExp]>([
    [
      "a payload under another session's key",
      () => decodeEntry(Session, encodeEntry(Session, ada), { ...key, sessionId: `${SECRET}x` }),
      /^E_BINDING/,
    ],
    [
      "another user's payload",
      () => decodeEntry(Session, encodeEntry(Session, ada), { ...key, userId: 43 }),
      /^E_BINDING/,
    ],
    ["a value with another member at fault", () => Session.check({ ...ada, userId: 2 ** 53 }), /^E_RANGE/],
    ["a value without its end", () => Session.fromJson(`{"user_id":42,"session_id":"${SECRET}"}`), /^E_MISSING/],
    ["JSON that is cut in the secret", () => Session.fromJson(`{"user_id":42,"session_id":"${SECRET}`), /^E_TRUNCATED/],
    [
      "half of a surrogate pair in the secret",
      () => entryKeys(Session.record, "", { userId: 42, sessionId: `${SECRET}\ud800` }),
      /^E_SURROGATE/,
    ],
    [
      "half of a surrogate pair in the value",
      () => Session.check({ ...ada, sessionId: `${SECRET}\ud800` }),
      /^E_SURROGATE/,
    ],
    ["a secret as the user's id", () => entryKeys(Session.record, "", { ...key, userId: SECRET }), /^E_TYPE/],
    ["the secret as a key", () => parseKey(Session.record, "", `session@1:{42}:${SECRET}`), /^E_KEY/],
    [
      "a value beyond max_payload_bytes",
      () => encodeEntry(Session, { ...ada, device: SECRET.repeat(2000) }),
      /^E_SIZE/,
    ],
  ])("is not in the error of %s", (_, run, code) => {
    const text = shown(run);
    expect(text).toMatch(code);
    expect(text).not.toContain(SECRET);
  });

  test("binds the payload: the digest of its session id is that of the key", () => {
    const bytes = encodeEntry(Session, ada);
    expect(decodeEntry(Session, bytes, key).value).toEqual(ada);
    expect(() => decodeEntry(Session, bytes, { ...key, sessionId: "other" })).toThrow(/^E_BINDING: /);
  });
});

test("all sessions of one user lie in one slot, those of others elsewhere", () => {
  const tagOf = (each: SessionKey): string | undefined =>
    /\{(.*)\}/.exec(entryKeys(Session.record, "", each).lease)?.[1];
  expect(tagOf(key)).toBe("42");
  expect(tagOf({ ...key, sessionId: "other" })).toBe("42");
  expect(tagOf({ ...key, userId: 43 })).toBe("43");
});
