import type { EntityRecord, ErrorCode, Field, MessageType } from "@cachepact/wire";
import type { Neutral, NeutralMembers } from "@cachepact/wire/testing";
import fc from "fast-check";
import { isLong, rangeOf } from "./scalar.ts";
import { illFormedText } from "./text.ts";
import { type EntityValue, isMessage, neutralValue } from "./value.ts";

/** A value with exactly one fault, and the code that SPEC 1 gives it. */
export interface InvalidValue extends EntityValue {
  readonly code: ErrorCode;
}

/** What is put in a member's place; undefined = the member is taken away. */
interface Fault {
  readonly code: ErrorCode;
  readonly in: Neutral | undefined;
}

const NAN = { f64: "7ff8000000000000" };
const INFINITIES = [{ f64: "7ff0000000000000" }, { f64: "fff0000000000000" }];

function wrong(...natives: readonly Neutral[]): Fault[] {
  return natives.map((native) => ({ code: "E_TYPE", in: { native } }));
}

function integerFaults(field: Field): Fault[] {
  const [least, most] = rangeOf(field);
  const beyond = [least - 1n, most + 1n];
  return [
    // Text is never taken for a number, a bool never for an integer.
    ...wrong("1", "", true, false, 1.5, [], {}),
    { code: "E_TYPE", in: NAN },
    ...beyond.map((value): Fault => ({ code: "E_RANGE", in: isLong(field.type) ? String(value) : Number(value) })),
  ];
}

/** Faults of one element, whatever the field's presence. */
function faultsOfOne(field: Field): fc.Arbitrary<Fault> {
  if (isMessage(field.type)) return fc.constantFrom(...wrong(5, "x", true, []));
  if (typeof field.type === "object") return fc.constantFrom(...integerFaults(field), ...wrong("COLOR_RED"));
  switch (field.type) {
    case "bool":
      return fc.constantFrom(...wrong(0, 1, "true", "", []));
    case "string":
      return fc.oneof(
        illFormedText.map((text): Fault => ({ code: "E_SURROGATE", in: text })),
        fc.constantFrom(...wrong(5, true, [], {})),
      );
    case "bytes":
      return fc.constantFrom(...wrong("00", 5, true, [], {}));
    case "double":
      return fc.constantFrom(
        ...wrong("1", true, false, []),
        ...[NAN, ...INFINITIES].map((double): Fault => ({ code: "E_FLOAT", in: double })),
      );
    case "timestamp":
      return fc.constantFrom(...wrong("2023-11-14T22:13:20Z", true, [], {}));
    default:
      return fc.constantFrom(...integerFaults(field));
  }
}

/** A member of the field with one fault in it. */
function faulty(field: Field): fc.Arbitrary<Fault> {
  const one = faultsOfOne(field);
  switch (field.presence) {
    case "repeated":
      return fc.oneof(
        one.map((fault) => ({ ...fault, in: [fault.in as Neutral] })),
        fc.constantFrom(...wrong("abc", 5, true, {}), { code: "E_TYPE" as const, in: [{ native: null }] }),
      );
    case "map":
      return fc.oneof(
        one.map((fault) => ({ ...fault, in: [["key", fault.in as Neutral]] })),
        fc.constantFrom(...wrong("abc", 5, true, []), { code: "E_TYPE" as const, in: [["key", { native: null }]] }),
        ...(isMessage(field.type) || field.type === "timestamp" || isLong(field.type)
          ? []
          : [illFormedText.map((key): Fault => ({ code: "E_SURROGATE", in: [[key, plain(field)]] }))]),
      );
    default:
      return field.required === true ? fc.oneof(one, fc.constant<Fault>({ code: "E_MISSING", in: undefined })) : one;
  }
}

/** Some element of a scalar or enum field. */
function plain(field: Field): Neutral {
  switch (field.type) {
    case "string":
    case "bytes":
      return "";
    case "bool":
      return true;
    default:
      return 1;
  }
}

/** The fields on the way to a fault; the fault is in the last one. */
type Way = readonly [...Field[], Field];

function waysOf(schema: MessageType, levels: number): readonly Way[] {
  return schema.fields.flatMap((field): Way[] => [
    ...(holdsNative(field) ? [] : [[field] as const]),
    ...(isMessage(field.type) && levels > 1 ? waysOf(field.type, levels - 1).map((way): Way => [field, ...way]) : []),
  ]);
}

/** Of a message with a field of this name `{"native": …}` is a value, so that nothing of a wrong type can be told. */
function holdsNative({ type }: Field): boolean {
  return isMessage(type) && type.fields.some(({ name }) => name === "native");
}

/** A fault deeper than this is found by the same code as one here. */
const LEVELS = 4;

function placed(schema: MessageType, way: readonly Field[], fault: Fault): fc.Arbitrary<NeutralMembers> {
  const [field, ...rest] = way as Way;
  return neutralValue(schema).chain((base) => {
    const { [field.name]: _, ...others } = base;
    if (rest.length === 0) {
      return fc.constant(fault.in === undefined ? others : { ...others, [field.name]: fault.in });
    }
    return placed(field.type as MessageType, rest, fault).map((inner) => ({
      ...others,
      [field.name]: field.presence === "repeated" ? [inner] : field.presence === "map" ? [["key", inner]] : inner,
    }));
  });
}

/** Values with one fault: another type, out of range, no number, half of a surrogate pair, a required member missing. */
export function invalidValue(records: readonly EntityRecord[]): fc.Arbitrary<InvalidValue> {
  const places = records.flatMap((record) => waysOf(record.schema, LEVELS).map((way) => ({ record, way })));
  return fc
    .constantFrom(...places)
    .chain(({ record, way }) =>
      faulty(way.at(-1) as Field).chain((fault) =>
        placed(record.schema, way, fault).map((value) => ({ record, value, code: fault.code })),
      ),
    );
}
