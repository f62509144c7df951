import { isDeepStrictEqual } from "node:util";
import {
  type CodecName,
  codecs,
  type DecodeNotes,
  decodePayload,
  type Entity,
  encodePayload,
  type Field,
  type MessageType,
} from "@cachepact/wire";
import fc from "fast-check";
import { expect } from "vitest";
// The arbitrary of the interpreter's own property tests: values of any schema, biased to the edges of encodings.
import { valueArbitrary } from "../../wire/test/arbitrary.ts";
import { type Verdict, verdict } from "./verdict.ts";

/** What generated codecs promise, held against the interpreter on random values, broken values and broken bytes. */

const names: readonly CodecName[] = ["json", "msgpack", "protobuf"];

type AnyEntity = Entity<object, object>;

/** A value of an entity is written and read by its generated codecs, which do not abstain. */
export function vouches(entity: AnyEntity, runs: fc.Parameters<[object]>): void {
  const { schema } = entity.record;
  fc.assert(
    fc.property(valueArbitrary(schema), (value) => {
      for (const name of names) {
        const expected = codecs[name].encodePayload(schema, value);
        const payload = entity.generated?.[name].encode(value);
        expect(payload?.ascii).toBe(expected.ascii);
        expect(hex(payload?.bytes)).toBe(hex(expected.bytes));
        const decoded = entity.generated?.[name].decode(expected.bytes);
        expectSame(decoded, codecs[name].decode(schema, expected.bytes, "strict"));
        // A decoded value can be written again, although its maps have no prototype.
        expect(hex(entity.generated?.[name].encode(decoded as object)?.bytes)).toBe(hex(expected.bytes));
      }
    }),
    runs as fc.Parameters<[Record<string, unknown>]>,
  );
}

/** Of a value with one fault both paths say the same. */
export function agreesOnBrokenValues(entity: AnyEntity, runs: fc.Parameters<[object]>): void {
  const { schema } = entity.record;
  fc.assert(
    fc.property(valueArbitrary(schema), fc.nat(), fc.nat(), (value, where, what) => {
      const broken = breakValue(value, where, what);
      for (const name of names) {
        const write = (path: "generated" | "interpreter"): Verdict =>
          verdict(() => {
            const { bytes, ascii } = encodePayload(entity, name, broken, path);
            return { bytes: hex(bytes), ascii };
          });
        expectSame(write("generated"), write("interpreter"));
      }
    }),
    runs as never,
  );
}

/** Of bytes with one fault both paths say the same, leniently and strictly. */
export function agreesOnBrokenBytes(entity: AnyEntity, runs: fc.Parameters<[object]>): void {
  const { schema } = entity.record;
  const mutation = fc.tuple(
    fc.nat(),
    fc.integer({ min: 1, max: 255 }),
    fc.constantFrom("flip", "cut", "insert", "repeat", "swap"),
  );
  fc.assert(
    fc.property(valueArbitrary(schema), mutation, (value, change) => {
      for (const name of names) {
        const bytes = mutate(codecs[name].encode(schema, value), change);
        for (const mode of ["lenient", "strict"] as const) {
          const read = (path: "generated" | "interpreter"): Verdict & { notes: DecodeNotes } => {
            const notes: DecodeNotes = { unknownEnumName: false };
            return { ...verdict(() => decodePayload(entity, name, bytes, mode, path, notes)), notes };
          };
          expectSame(read("generated"), read("interpreter"));
        }
      }
    }),
    runs as never,
  );
}

/** Prototypes count. vitest's toStrictEqual takes a map's own key `constructor` for its class. */
function expectSame(found: unknown, expected: unknown): void {
  if (isDeepStrictEqual(found, expected)) return;
  expect(found).toEqual(expected);
  throw new Error("the values differ in what vitest does not see");
}

const ADDED: readonly Field[] = [
  { name: "a0", number: 0, presence: "implicit", type: "string" },
  { name: "l_added", number: 0, presence: "repeated", type: "sint64" },
  { name: "n", number: 0, presence: "optional", type: "timestamp" },
  { name: "p_added", number: 0, presence: "map", type: "double" },
  { name: "r", number: 0, presence: "optional", type: "bytes" },
  { name: "zz", number: 0, presence: "map", type: { message: "next.Added", fields: [] } },
];

/** The schema of a later release: each message has more fields, with higher numbers and names that lie anywhere. */
function nextRelease(schema: MessageType, choice: number): MessageType {
  const last = Math.max(0, ...schema.fields.map(({ number }) => number));
  const taken = new Set(schema.fields.map(({ name }) => name));
  const fields = schema.fields.map(({ type, ...field }) => ({
    ...field,
    type: typeof type === "object" && "fields" in type ? nextRelease(type, choice + 1) : type,
  }));
  const added = ADDED.filter(({ name }, index) => !taken.has(name) && (choice >> index) % 2 === 1);
  // The highest number of Protobuf leaves no room behind it.
  if (last + added.length > 536_870_911) return { ...schema, fields };
  return { ...schema, fields: [...fields, ...added.map((field, index) => ({ ...field, number: last + 1 + index }))] };
}

/**
 * What a later release wrote is read as by the interpreter, and told in the notes as by it. Mostly without abstaining:
 * every reader meets such members while a release is rolled out. Gives how many payloads were vouched for, of how many.
 */
export function readsTheNextRelease(entity: AnyEntity, runs: fc.Parameters<[object]>): [vouched: number, of: number] {
  const { schema } = entity.record;
  let vouched = 0;
  let of = 0;
  const release = fc.integer({ min: 1, max: 63 }).chain((choice) => {
    const next = nextRelease(schema, choice);
    return valueArbitrary(next).map((value) => [next, value] as const);
  });
  fc.assert(
    fc.property(release, ([next, value]) => {
      for (const name of names) {
        const bytes = codecs[name].encode(next, value);
        const read = (path: "generated" | "interpreter"): Verdict & { notes: DecodeNotes } => {
          const notes: DecodeNotes = { unknownEnumName: false };
          return { ...verdict(() => decodePayload(entity, name, bytes, "lenient", path, notes)), notes };
        };
        expectSame(read("generated"), read("interpreter"));
        of += 1;
        if (entity.generated?.[name].decode(bytes) !== undefined) vouched += 1;
      }
    }),
    runs as never,
  );
  return [vouched, of];
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");
}

class Row {
  name = "x";
}

const JUNK: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -0,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  8.64e15,
  0n,
  2n ** 63n,
  2n ** 64n,
  -(2n ** 63n) - 1n,
  "",
  "42",
  "\ud800",
  "x\udfff",
  "\u{10000}",
  [],
  [undefined],
  // A hole.
  Array.from({ length: 1 }).fill(undefined, 1),
  {},
  { "\ud800": "x" },
  { b: "1", a: "2", 10: "3", 9: "4" },
  Object.assign(Object.create(null), { b: 1, a: 2 }),
  new Row(),
  new Map([["a", "b"]]),
  new Date(0),
  new Uint8Array(0),
  new Uint16Array(2),
  Buffer.from("ab"),
  { length: 0 },
];

/** A copy with junk at one place, or with a property that no message has. */
function breakValue(value: unknown, where: number, what: number): object {
  const copy = structuredCopy(value) as Record<string, unknown>;
  const places: [object: Record<string, unknown>, property: string][] = [];
  collect(copy, places);
  const junk = JUNK[what % JUNK.length];
  const [object, property] = places[where % (places.length + 2)] ?? [copy, what % 2 === 0 ? "nmae" : "__proto__"];
  if (property === "__proto__") Object.defineProperty(object, property, { value: junk, enumerable: true });
  else object[property] = junk;
  return copy;
}

function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const copy = Object.create(Object.getPrototypeOf(value)) as Record<string, unknown>;
  for (const [name, member] of Object.entries(value)) copy[name] = structuredCopy(member);
  return copy;
}

function collect(value: unknown, places: [Record<string, unknown>, string][]): void {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  for (const name of Object.keys(value)) {
    places.push([value as Record<string, unknown>, name]);
    collect((value as Record<string, unknown>)[name], places);
  }
}

type Mutation = [position: number, change: number, how: string];

function mutate(bytes: Uint8Array, [position, change, how]: Mutation): Uint8Array {
  const at = position % (bytes.length + 1);
  switch (how) {
    case "cut":
      return bytes.slice(0, at);
    case "insert":
      return Buffer.concat([bytes.slice(0, at), Uint8Array.of(change), bytes.slice(at)]);
    case "repeat":
      return Buffer.concat([bytes, bytes.slice(at)]);
    case "swap":
      return Buffer.concat([bytes.slice(at), bytes.slice(0, at)]);
    default:
      return bytes.map((byte, index) => (index === at ? byte ^ change : byte));
  }
}
