import type { EntityRecord, Field, MessageType } from "@cachepact/wire";
import { propertyName } from "../src/schema-plan.ts";

/**
 * The neutral value form of the fixtures (fixtures/README.md) and back to the values of this language.
 *
 * This is the fixtures' own reading, on purpose without a line of the code under test.
 */
export type Neutral = null | boolean | number | string | readonly Neutral[] | { readonly [name: string]: Neutral };

type Shape = Readonly<Record<string, Neutral>>;

function isShape(value: Neutral): value is Shape {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: Neutral | undefined): string {
  if (typeof value !== "string") throw new Error(`a fixture holds ${JSON.stringify(value)} where text should be`);
  return value;
}

/** What needs no schema: values that JSON cannot hold, and values of a wrong type on purpose. */
function special(value: Neutral): { native: unknown } | undefined {
  if (!isShape(value)) return undefined;
  if ("native" in value) return { native: value["native"] };
  if ("utf16" in value) {
    const units = text(value["utf16"]).match(/.{4}/g) ?? [];
    return { native: String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16))) };
  }
  if ("f64" in value) return { native: Buffer.from(text(value["f64"]), "hex").readDoubleBE() };
  if ("repeat" in value) return { native: text(value["repeat"]).repeat(Number(value["times"])) };
  return undefined;
}

const LONG = new Set<unknown>(["int64", "uint64", "sint64"]);

function scalar(type: unknown, jstype: string | undefined, value: Neutral): unknown {
  const found = special(value);
  if (found !== undefined) return found.native;
  if (typeof type === "object" && type !== null && "fields" in type) return native(type as MessageType, value as Shape);
  if (LONG.has(type)) return jstype === "number" ? Number(value) : BigInt(text(value));
  if (type === "bytes") return new Uint8Array(Buffer.from(text(value), "hex"));
  if (type === "timestamp") {
    const [seconds, nanos] = value as readonly [number, number];
    return seconds * 1000 + nanos / 1_000_000;
  }
  return value;
}

function member(field: Field, value: Neutral): unknown {
  const found = special(value);
  if (found !== undefined) return found.native;
  const one = (element: Neutral): unknown => scalar(field.type, field.jstype, element);
  if (field.presence === "repeated") return (value as readonly Neutral[]).map(one);
  if (field.presence !== "map") return one(value);
  const map = Object.create(null) as Record<string, unknown>;
  for (const [key, element] of value as readonly (readonly [Neutral, Neutral])[]) {
    map[(special(key)?.native as string | undefined) ?? text(key)] = one(element);
  }
  return map;
}

/** A value of this language. Members that the schema does not have keep their name: they must be refused. */
export function native(schema: MessageType, value: Shape): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [name, element] of Object.entries(value)) {
    const field = schema.fields.find((each) => each.name === name);
    record[propertyName(name)] = field === undefined ? element : member(field, element);
  }
  return record;
}

const ZERO: Readonly<Record<string, Neutral>> = { bool: false, string: "", bytes: "", timestamp: [0, 0] };

/** The neutral form of a decoded value: implicit fields, lists and maps that `value` leaves out at their defaults. */
export function completed(schema: MessageType, value: Shape): Shape {
  const full: Record<string, Neutral> = {};
  const nested = (field: Field, element: Neutral): Neutral =>
    typeof field.type === "object" && "fields" in field.type ? completed(field.type, element as Shape) : element;
  for (const field of schema.fields) {
    const found = value[field.name];
    if (found === undefined) {
      if (field.presence === "repeated" || field.presence === "map") full[field.name] = [];
      else if (field.presence === "implicit") full[field.name] = zero(field);
    } else if (field.presence === "repeated") {
      full[field.name] = (found as readonly Neutral[]).map((element) => nested(field, element));
    } else if (field.presence === "map") {
      full[field.name] = (found as readonly (readonly [Neutral, Neutral])[]).map(([k, v]) => [k, nested(field, v)]);
    } else full[field.name] = nested(field, found);
  }
  return full;
}

function zero(field: Field): Neutral {
  if (LONG.has(field.type)) return "0";
  return (typeof field.type === "string" ? ZERO[field.type] : undefined) ?? 0;
}

/** A key object of this language from parameters in neutral form, by proto name. */
export function nativeKey(record: EntityRecord, params: Shape): Record<string, unknown> {
  const key: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    const param = record.key.find((segment) => "param" in segment && segment.param === name);
    const type = param !== undefined && "param" in param ? param.type : undefined;
    const jstype = param !== undefined && "param" in param ? param.jstype : undefined;
    key[propertyName(name)] = scalar(type, jstype, value);
  }
  return key;
}
