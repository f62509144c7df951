import { decodeFrame, encodeFrame, type Frame, type FrameHeader, hasMagic } from "@cachepact/wire";
import type { Neutral } from "@cachepact/wire/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex, ofKind, unhex } from "./fixture.ts";
import { thrown } from "./thrown.ts";

type Shape = Readonly<Record<string, Neutral>>;

function header(neutral: unknown): FrameHeader {
  const found = neutral as Shape;
  return {
    codec: found["codec"] as FrameHeader["codec"],
    negative: found["negative"] === true,
    dirty: found["dirty"] === true,
    ascii: found["ascii"] === true,
    fingerprint: Number.parseInt(found["fingerprint"] as string, 16),
    staleAtMs: Number(found["stale_at_ms"] ?? 0),
    version: Number(found["version"] ?? 0),
    createdAtMs: Number(found["created_at_ms"] ?? 0),
    costMs: Number(found["cost_ms"] ?? 0),
  };
}

function flat(frame: Frame): object {
  return { ...frame, payload: hex(frame.payload) };
}

describe("frames of the fixtures", () => {
  for (const each of ofKind("frames", "frame")) {
    test(each.name, () => {
      expect(hex(encodeFrame(header(each["header"]), unhex(each["payload"])))).toBe(each["bytes"]);
      const expected = { ...header(each["header"]), payload: each["payload"] };
      expect(flat(decodeFrame(unhex(each["bytes"]), "strict"))).toEqual(expected);
      expect(flat(decodeFrame(unhex(each["bytes"])))).toEqual(expected);
      expect(hasMagic(unhex(each["bytes"]))).toBe(true);
    });
  }

  for (const each of ofKind("frames", "accept")) {
    test(each.name, () => {
      const bytes = unhex(each["bytes"]);
      expect(flat(decodeFrame(bytes))).toEqual({ ...header(each["header"]), payload: each["payload"] });
      expect(thrown(() => decodeFrame(bytes, "strict"))).toBe(each["strict"]);
    });
  }

  for (const each of ofKind("frames", "reject")) {
    test(`${each.name}: ${String(each["error"])}`, () => {
      expect(thrown(() => decodeFrame(unhex(each["bytes"])))).toBe(each["error"]);
      expect(thrown(() => decodeFrame(unhex(each["bytes"]), "strict"))).toBe(each["error"]);
    });
  }

  for (const each of ofKind("frames", "encode-error")) {
    test(`${each.name}: ${String(each["error"])}`, () => {
      expect(thrown(() => encodeFrame(header(each["header"]), unhex(each["payload"])))).toBe(each["error"]);
    });
  }
});

test("the example of the specification comes out byte for byte", () => {
  const frame = encodeFrame(
    { codec: 2, fingerprint: 0x5747ae3f, ascii: true, version: 7, staleAtMs: 1_700_000_300_123 },
    unhex("80"),
  );
  expect(hex(frame)).toBe("c1ca090c02305747ae3f018bcfe9fc5b000000000000000780");
});

test("the payload is a view, so that a hit copies nothing", () => {
  const bytes = unhex("c1ca09080200000000000000000000000080");
  expect(decodeFrame(bytes).payload.buffer).toBe(bytes.buffer);
});

const MAX_U48 = 2 ** 48 - 1;

const someHeader: fc.Arbitrary<FrameHeader> = fc.record({
  codec: fc.constantFrom<FrameHeader["codec"]>(1, 2, 3, 4),
  negative: fc.constant(false),
  dirty: fc.constant(false),
  ascii: fc.boolean(),
  fingerprint: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  staleAtMs: fc.integer({ min: 0, max: MAX_U48 }),
  version: fc.oneof(fc.constant(0), fc.maxSafeNat()),
  createdAtMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: MAX_U48 })),
  costMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
});

describe("any header", () => {
  test("a strict decode of the encoding gives the header and the payload", () => {
    fc.assert(
      fc.property(someHeader, fc.uint8Array({ maxLength: 20 }), (each, payload) => {
        expect(flat(decodeFrame(encodeFrame(each, payload), "strict"))).toEqual({ ...each, payload: hex(payload) });
      }),
      { numRuns: 500 },
    );
  });

  test("whatever the bytes are, a strict decode gives their own encoding or a code", () => {
    const start = fc.constantFrom("", "c1", "c1ca", "c1ca09", "c1ca0908", "c1ca090c02", "c1ca09110130", "c1ca09080080");
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 40 }), (prefix, rest) => {
        const bytes = Uint8Array.of(...unhex(prefix), ...rest);
        const code = thrown(() => {
          const { payload, ...found } = decodeFrame(bytes, "strict");
          expect(hex(encodeFrame(found, payload))).toBe(hex(bytes));
        });
        if (code !== undefined) expect(code).toMatch(/^E_/);
      }),
      { numRuns: 1000 },
    );
  });
});
