import { type CodecName, codecs, type MessageType } from "@cachepact/wire";
import fc, { type IProperty } from "fast-check";
import { expect } from "vitest";
import { schemaWithValue } from "./arbitrary.ts";
import { hex } from "./fixture.ts";
import { thrown } from "./thrown.ts";

type SchemaWithValue = readonly [MessageType, Record<string, unknown>];

/** A strict decode of any value's encoding gives the value. */
export function roundTrip(name: CodecName): IProperty<[SchemaWithValue]> {
  return fc.property(schemaWithValue, ([schema, value]) => {
    const bytes = codecs[name].encode(schema, value);
    expect(codecs[name].decode(schema, bytes, "strict")).toEqual(value);
  });
}

type Mutation = [position: number, change: number, how: string];

/** Of bytes with one fault a strict decode accepts those that are another value's encoding; the rest gets a code. */
export function onlyItsOwn(name: CodecName): IProperty<[SchemaWithValue, Mutation]> {
  const mutation = fc.tuple(
    fc.nat(),
    fc.integer({ min: 1, max: 255 }),
    fc.constantFrom("flip", "cut", "insert", "repeat"),
  );
  return fc.property(schemaWithValue, mutation, ([schema, value], change) => {
    const mutated = mutate(codecs[name].encode(schema, value), change);
    const strict = thrown(() => {
      const decoded = codecs[name].decode(schema, mutated, "strict");
      expect(hex(codecs[name].encode(schema, decoded))).toBe(hex(mutated));
    });
    const lenient = thrown(() => codecs[name].decode(schema, mutated, "lenient"));
    // Whatever is wrong has a code: no other exception leaves a codec.
    for (const code of [strict, lenient]) if (code !== undefined) expect(code).toMatch(/^E_/);
    if (lenient !== undefined) expect(strict).toBe(lenient);
  });
}

function mutate(bytes: Uint8Array, [position, change, how]: Mutation): Uint8Array {
  const at = position % (bytes.length + 1);
  switch (how) {
    case "cut":
      return bytes.slice(0, at);
    case "insert":
      return Uint8Array.of(...bytes.slice(0, at), change, ...bytes.slice(at));
    case "repeat":
      return Uint8Array.of(...bytes, ...bytes.slice(at));
    default:
      return bytes.map((byte, index) => (index === at ? byte ^ change : byte));
  }
}
