import { Preferences } from "@cachepact/contracts";
import { describe, expect, test } from "vitest";
import { HttpError } from "../src/errors.ts";
import { parsePreferencesPut } from "../src/preferences/preferences-body.ts";
import { parseId } from "../src/request.ts";
import { parseUserPost, parseUserPut } from "../src/users/user-body.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const USER =
  '{"email":"ada@example.com","name":"Ada","roles":["admin"],"labels":{"a":"b"},"balance_cents":"9007199254740993"}';

/** The member `name` of USER replaced by JSON text, or taken out. */
function userWith(name: string, json: string | undefined): Uint8Array {
  const members = Object.entries(JSON.parse(USER) as Record<string, unknown>).filter(([key]) => key !== name);
  const parts = members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return bytes(`{${[...parts, ...(json === undefined ? [] : [`${JSON.stringify(name)}:${json}`])].join(",")}}`);
}

function refusal(run: () => unknown): { status: number; code: string; field: string | undefined } {
  try {
    run();
  } catch (error) {
    if (error instanceof HttpError) return { status: error.status, code: error.code, field: error.field };
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("the id of a path", () => {
  test.each([
    ["0", 0],
    ["42", 42],
    ["-1", -1],
    ["9007199254740991", 9007199254740991],
    ["-9007199254740991", -9007199254740991],
  ])("%s is read", (text, id) => {
    expect(parseId(text)).toBe(id);
  });

  test.each(["abc", "", "042", "+42", "-0", " 42", "42 ", "4_2", "1.5", "1e3", "0x10", "٤٢", "42\n", "NaN"])(
    "%j is refused",
    (text) => {
      expect(refusal(() => parseId(text))).toEqual({ status: 400, code: "E_TYPE", field: "id" });
    },
  );

  test.each(["9007199254740992", "-9007199254740992", "9".repeat(400)])("%s is out of range", (text) => {
    expect(refusal(() => parseId(text))).toEqual({ status: 400, code: "E_RANGE", field: "id" });
  });
});

describe("the body of a user", () => {
  test("is the contract's JSON without what the service gives", () => {
    expect(parseUserPut(7, bytes(USER))).toEqual({
      draft: {
        email: "ada@example.com",
        name: "Ada",
        roles: ["admin"],
        labels: { a: "b" },
        balanceCents: 9007199254740993n,
      },
      expectedVersion: 0,
    });
    expect(parseUserPost(bytes(' {"name":"Ada", "email":"a@b.c"} '))).toEqual({
      email: "a@b.c",
      name: "Ada",
      roles: [],
      labels: {},
      balanceCents: 0n,
    });
  });

  test("may repeat the id of the path, carries the expected version, and its created_at is ignored", () => {
    const body = bytes(`{"id":7,"version":3,"created_at":"2001-01-01T00:00:00Z",${USER.slice(1)}`);
    expect(parseUserPut(7, body)).toMatchObject({ expectedVersion: 3 });
  });

  test.each([
    ["no body", "", "E_SYNTAX", undefined],
    ["half a body", '{"email":', "E_TRUNCATED", undefined],
    ["no JSON", "email=ada", "E_SYNTAX", undefined],
    ["a list", "[]", "E_TYPE", undefined],
    ["a string", '"ada"', "E_TYPE", undefined],
    ["null", "null", "E_TYPE", undefined],
    ["trailing bytes", `${USER}x`, "E_TRAILING", undefined],
  ])("%s is refused", (_name, body, code, field) => {
    expect(refusal(() => parseUserPut(7, bytes(body)))).toEqual({ status: 400, code, field });
  });

  test.each([
    ["email", "5", "E_TYPE"],
    ["email", '"\\ud800"', "E_SURROGATE"],
    ["email", '"a\\u0000b"', "E_TYPE"],
    ["labels", '{"a\\u0000":"b"}', "E_TYPE"],
    ["roles", '["a\\u0000"]', "E_TYPE"],
    ["name", "null", "E_MISSING"],
    ["name", undefined, "E_MISSING"],
    ["roles", '"admin"', "E_TYPE"],
    ["roles", undefined, "E_MISSING"],
    ["labels", "[]", "E_TYPE"],
    ["labels", undefined, "E_MISSING"],
    ["balance_cents", "1.5", "E_TYPE"],
    ["balance_cents", '"9223372036854775808"', "E_RANGE"],
    ["balance_cents", undefined, "E_MISSING"],
    ["version", "-1", "E_RANGE"],
    ["version", "3.5", "E_TYPE"],
    ["version", "9007199254740992", "E_RANGE"],
    ["id", "8", "E_BINDING"],
    ["id", "null", "E_TYPE"],
    ["created_at", '"yesterday"', "E_TYPE"],
  ])("%s: %s is refused and the field named", (name, json, code) => {
    expect(refusal(() => parseUserPut(7, userWith(name, json)))).toEqual({ status: 400, code, field: name });
  });

  test("a member twice is refused, also one that the service would give", () => {
    expect(refusal(() => parseUserPut(7, bytes(`{"email":"x",${USER.slice(1)}`)))).toMatchObject({ code: "E_DUP" });
    expect(refusal(() => parseUserPut(7, bytes(`{"id":7,"id":7,${USER.slice(1)}`)))).toMatchObject({ code: "E_DUP" });
  });

  test("bytes that are no UTF-8 are refused", () => {
    const body = bytes(USER);
    body[12] = 0xff;
    expect(refusal(() => parseUserPut(7, body))).toMatchObject({ status: 400, code: "E_UTF8" });
  });

  test("a new user has no id and no version", () => {
    expect(refusal(() => parseUserPost(userWith("id", "7")))).toEqual({ status: 400, code: "E_RANGE", field: "id" });
    expect(refusal(() => parseUserPost(userWith("version", "1")))).toEqual({
      status: 400,
      code: "E_RANGE",
      field: "version",
    });
    expect(refusal(() => parseUserPost(userWith("email", undefined)))).toEqual({
      status: 400,
      code: "E_MISSING",
      field: "email",
    });
  });

  test("what would fit the request but no entry is refused before anything is written", () => {
    // The profile of this user would be over its limit of 16 KiB, although the user itself fits.
    expect(refusal(() => parseUserPut(7, userWith("name", JSON.stringify("x".repeat(20_000)))))).toMatchObject({
      status: 413,
      code: "E_SIZE",
    });
  });
});

describe("what a client is told", () => {
  test.each([
    ["{", "the body: found the end of the text in a value"],
    ["[]", "the body: expected an object, found an array"],
    ['{"theme":true}', "theme: expected an integer, found a bool"],
    [`{"language":"${"l".repeat(20_000)}"}`, "the preferences: found 20006 bytes of 16384"],
  ])("of %j is what was found, not what those who run the cache should do", (text, message) => {
    expect(() => parsePreferencesPut(7, bytes(text))).toThrow(expect.objectContaining({ message }));
  });
});

describe("the body of preferences", () => {
  test("is the contract's JSON; what it leaves out has its default", () => {
    expect(parsePreferencesPut(7, bytes('{"theme":"THEME_DARK"}'))).toEqual({
      userId: 7,
      theme: 2,
      language: "",
      emailOptIn: false,
      settings: {},
    });
    expect(parsePreferencesPut(7, bytes("{}"))).toMatchObject({ userId: 7, theme: 0 });
    expect(Preferences.toJson(parsePreferencesPut(7, bytes("{ }")))).toBe(
      '{"email_opt_in":false,"language":"","settings":{},"theme":"THEME_UNSPECIFIED","user_id":7}',
    );
  });

  test.each([
    ['{"user_id":8}', "E_BINDING", "user_id"],
    ['{"theme":"THEME_PINK"}', "E_TYPE", "theme"],
    ['{"email_opt_in":"yes"}', "E_TYPE", "email_opt_in"],
    ['{"language":"\\u0000"}', "E_TYPE", "language"],
    ['{"settings":{"a":1}}', "E_TYPE", "settings"],
  ])("%s is refused and the field named", (body, code, field) => {
    expect(refusal(() => parsePreferencesPut(7, bytes(body)))).toEqual({ status: 400, code, field });
  });

  test("more than an entry holds is refused", () => {
    const body = JSON.stringify({ settings: { a: "x".repeat(17_000) } });
    expect(refusal(() => parsePreferencesPut(7, bytes(body)))).toMatchObject({ status: 413, code: "E_SIZE" });
  });
});
