import fc from "fast-check";
import { expect, test } from "vitest";
import { compareUtf8, compareUtf16, decodeUtf8, encodeUtf8, isWellFormed, utf8Length, writeUtf8 } from "../src/utf8.ts";
import { thrown } from "./thrown.ts";

const text = fc.string({ unit: "binary", maxLength: 100 });

test("the order is that of the bytes", () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
  expect(compareUtf8("\u{1F600}", "\uFB33")).toBeGreaterThan(0);
  expect(compareUtf16("\u{1F600}", "\uFB33")).toBeLessThan(0);
});

test("length, writing and reading agree with the bytes", () => {
  fc.assert(
    fc.property(text, (each) => {
      const bytes = encodeUtf8(each);
      expect(utf8Length(each)).toBe(bytes.length);
      const target = new Uint8Array(bytes.length + 2);
      writeUtf8(each, target, 1, bytes.length);
      expect(target.subarray(1, -1)).toEqual(bytes);
      expect([target[0], target.at(-1)]).toEqual([0, 0]);
      expect(decodeUtf8(bytes)).toBe(each);
    }),
  );
});

test("a leading byte order mark is kept", () => {
  expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\uFEFFa");
});

test.each(["ff", "c080", "eda080", "e2", "f4908080", "80", `${"61".repeat(40)}c3`])("%s is no UTF-8", (bytes) => {
  expect(thrown(() => decodeUtf8(Buffer.from(bytes, "hex")))).toBe("E_UTF8");
});

test("halves of pairs are ill-formed", () => {
  expect(["\ud800", "\udc00", "a\udc00\ud800"].map(isWellFormed)).toEqual([false, false, false]);
  expect(["", "a", "\u{1F600}"].map(isWellFormed)).toEqual([true, true, true]);
});
