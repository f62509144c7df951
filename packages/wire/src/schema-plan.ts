import type { EnumType, Field, MessageType, Reserved, ScalarType } from "./schema.ts";
import { compareUtf8 } from "./utf8.ts";

const properties = new Map<string, string>();

/** The TypeScript property of a proto name: the lowerCamelCase of Protobuf's own `json_name` rule. */
export function propertyName(name: string): string {
  const known = properties.get(name);
  if (known !== undefined) return known;
  const property = name.replaceAll(/_+(.?)/g, (_, next: string) => next.toUpperCase());
  // Names come from contracts, so there are few; each is asked for with every key that is built.
  properties.set(name, property);
  return property;
}

export type Kind = ScalarType | "enum" | "message";

export interface PlannedEnum {
  readonly numberOf: ReadonlyMap<string, number>;
  readonly nameOf: ReadonlyMap<number, string>;
}

/** A field with all that the codecs look up, computed once. */
export interface PlannedField {
  readonly name: string;
  readonly property: string;
  readonly number: number;
  readonly presence: Field["presence"];
  readonly required: boolean;
  readonly kind: Kind;
  /** A 64-bit integer whose TypeScript type is `number`. */
  readonly asNumber: boolean;
  readonly enumeration: PlannedEnum | null;
  readonly message: SchemaPlan | null;
  /** The position in `SchemaPlan.fields`. */
  readonly index: number;
  /** The property name is one of Object.prototype's: read it only when it is the value's own. */
  readonly shadowed: boolean;
}

export interface SchemaPlan {
  readonly message: string;
  /** By ascending number: the order of Protobuf. */
  readonly fields: readonly PlannedField[];
  /** By name: the order of JSON and MessagePack. Names are ASCII, so every order agrees. */
  readonly sorted: readonly PlannedField[];
  readonly byName: ReadonlyMap<string, PlannedField>;
  readonly byNumber: ReadonlyMap<number, PlannedField>;
  readonly byProperty: ReadonlyMap<string, PlannedField>;
  /** Whether a member of this name, or of this number, was given up: what an older writer sends of it is not missed. */
  readonly gaveUp: (member: string | number) => boolean;
}

const plans = new WeakMap<MessageType, SchemaPlan>();

/** The plan of a schema; built at the first use and kept as long as the schema lives. */
export function planOf(schema: MessageType): SchemaPlan {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const plan = buildPlan(schema);
  plans.set(schema, plan);
  return plan;
}

function buildPlan(schema: MessageType): SchemaPlan {
  const fields = schema.fields.toSorted((a, b) => a.number - b.number).map((field, index) => planField(field, index));
  return {
    message: schema.message,
    fields,
    sorted: fields.toSorted((a, b) => compareUtf8(a.name, b.name)),
    byName: new Map(fields.map((field) => [field.name, field])),
    byNumber: new Map(fields.map((field) => [field.number, field])),
    byProperty: new Map(fields.map((field) => [field.property, field])),
    gaveUp: gaveUp(schema.reserved),
  };
}

function gaveUp({ names, numbers }: Reserved = { names: [], numbers: [] }): (member: string | number) => boolean {
  const known = new Set(names);
  return (member) =>
    typeof member === "string" ? known.has(member) : numbers.some(([first, last]) => member >= first && member <= last);
}

function planField(field: Field, index: number): PlannedField {
  const { type } = field;
  const property = propertyName(field.name);
  const enumType = typeof type === "object" && "enum" in type ? type : null;
  const messageType = typeof type === "object" && "message" in type ? type : null;
  return {
    name: field.name,
    property,
    number: field.number,
    presence: field.presence,
    required: field.required === true,
    kind: typeof type === "string" ? type : enumType === null ? "message" : "enum",
    asNumber: field.jstype === "number",
    enumeration: enumType === null ? null : planEnum(enumType),
    message: messageType === null ? null : planOf(messageType),
    index,
    shadowed: property in Object.prototype,
  };
}

function planEnum(type: EnumType): PlannedEnum {
  const nameOf = new Map<number, string>();
  // Of two names for one number the first in name order is canonical, whatever the order of the lock file.
  for (const name of Object.keys(type.values).toSorted(compareUtf8)) {
    const value = type.values[name] as number;
    if (!nameOf.has(value)) nameOf.set(value, name);
  }
  return { numberOf: new Map(Object.entries(type.values)), nameOf };
}
