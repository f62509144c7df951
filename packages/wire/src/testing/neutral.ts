import type { Field, MessageType, ScalarType } from "../schema.ts";

/**
 * The neutral form of values: JSON by proto names that no language owns. fixtures/README.md defines it.
 *
 * Fixtures and testees speak it, so this module knows the schema and the language's values, and no codec.
 */
export type Neutral = null | boolean | number | string | readonly Neutral[] | NeutralMembers;

/** A message in neutral form; its members by proto name. */
export interface NeutralMembers {
  readonly [name: string]: Neutral;
}

/** Text that should be a neutral value is none, or a value is none of the schema. Says where, never what. */
export class NeutralFormError extends Error {
  /** Path of the member by proto names; "" = the whole value. */
  readonly field: string;

  constructor(field: string, expected: string) {
    super(`read a neutral value${field === "" ? "" : `, ${field}`}: expected ${expected}; see fixtures/README.md`);
    this.name = "NeutralFormError";
    this.field = field;
  }
}

/** The 64-bit integers: decimal text, whatever their jstype. */
export const LONG: ReadonlySet<unknown> = new Set<ScalarType>(["int64", "uint64", "sint64"]);

const HEX = /^(?:[0-9a-f]{2})*$/;
const DECIMAL = /^(?:0|-?[1-9][0-9]*)$/;

export function isMembers(neutral: Neutral | undefined): neutral is NeutralMembers {
  return typeof neutral === "object" && neutral !== null && !Array.isArray(neutral);
}

/** The message of a field's type, if it is one. */
export function messageOf(type: Field["type"]): MessageType | undefined {
  return typeof type === "object" && "fields" in type ? type : undefined;
}

/** `{"native": x}`: the language's own value `x`, which need not fit the schema. */
export interface Native {
  readonly native: unknown;
}

/**
 * What stands for a value of a wrong type, where a message may stand.
 *
 * A message with a field of that name keeps it for itself.
 */
export function nativeMessage(schema: MessageType, neutral: Neutral): Native | undefined {
  if (!isMembers(neutral) || !Object.hasOwn(neutral, "native")) return undefined;
  return schema.fields.some(({ name }) => name === "native") ? undefined : { native: neutral["native"] };
}

/** What stands for a value that JSON cannot hold, or of a wrong type, where no message may stand. */
export function special(neutral: Neutral, field: string): Native | undefined {
  if (!isMembers(neutral)) return undefined;
  if (Object.hasOwn(neutral, "native")) return { native: neutral["native"] };
  const { utf16, f64, repeat, times } = neutral;
  if (utf16 !== undefined) return { native: fromUtf16(hexOf(utf16, field)) };
  if (f64 !== undefined) {
    const bytes = hexOf(f64, field);
    if (bytes.length !== 8) throw new NeutralFormError(field, "8 bytes of a double");
    return { native: viewOf(bytes).getFloat64(0) };
  }
  if (typeof repeat !== "string" || !Number.isSafeInteger(times) || Number(times) < 0) {
    throw new NeutralFormError(field, "native, utf16, f64, or repeat with times");
  }
  return { native: repeat.repeat(Number(times)) };
}

/** @throws {NeutralFormError} when it is not hex in lower case */
export function hexOf(neutral: Neutral, field: string): Uint8Array {
  if (typeof neutral !== "string" || !HEX.test(neutral)) throw new NeutralFormError(field, "hex in lower case");
  return Uint8Array.from(neutral.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @throws {NeutralFormError} when it is not the shortest decimal text */
export function decimalOf(neutral: Neutral, field: string): string {
  if (typeof neutral === "string" && DECIMAL.test(neutral)) return neutral;
  throw new NeutralFormError(field, "decimal text");
}

/** A double: a number, or its bytes when it is one that JSON does not have. */
export function neutralDouble(value: number): Neutral {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  const bytes = new Uint8Array(8);
  viewOf(bytes).setFloat64(0, value);
  return { f64: toHex(bytes) };
}

/** Text, or its code units when it is ill-formed: JSON could not carry it to every language. */
export function neutralText(text: string): Neutral {
  if (!/\p{Surrogate}/u.test(text)) return text;
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
  return { utf16: units.map((unit) => unit.toString(16).padStart(4, "0")).join("") };
}

/** The pairs of a map in the order of their keys' UTF-16 units. */
export function sortedPairs<Pair extends readonly [text: string, ...unknown[]]>(pairs: readonly Pair[]): Pair[] {
  return pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function fromUtf16(bytes: Uint8Array): string {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / 2 }, (_, at) => String.fromCharCode(view.getUint16(at * 2))).join("");
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
