import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import type { Field, MessageType } from "@cachepact/wire";

type Reserved = NonNullable<MessageType["reserved"]>;

/** How deep records, lists and maps may lie in each other (SPEC 4); generated codecs do not count. */
export const MAX_DEPTH = 32;

export type CodecFormat = "Json" | "Msgpack" | "Protobuf";

/** A field as the codec of its message has it. */
export interface CodecField {
  readonly field: Field;
  readonly property: string;
  /** The variable that holds the property while a function of the message runs. */
  readonly local: string;
  /** The TypeScript type of one value. */
  readonly type: string;
  /** What a value that is absent is, as source; null when only presence `optional` fits: messages and times. */
  readonly zero: string | null;
  /** The name of the function that reads or writes the field's message; undefined for other types. */
  readonly functions: ((action: "read" | "write", format: CodecFormat) => string) | undefined;
  /** The constant that holds the names of the field's enum; undefined for other types. */
  readonly enumNames: string | undefined;
}

/** A message with all that the codecs of the three formats are made of. */
export interface CodecMessage {
  /** The TypeScript type. */
  readonly type: string;
  readonly functions: (action: "read" | "write", format: CodecFormat) => string;
  /** The constant that holds the names of its members, by property. */
  readonly members: string;
  /** The constant that knows its properties. */
  readonly properties: string;
  /** The constant that tells members of a newer writer from its own. */
  readonly unknown: string;
  /** Names and ranges of numbers that it has given up. */
  readonly reserved: Reserved;
  /** How deep its records may lie, the root being level 1. */
  readonly deepest: number;
  /** By ascending number. */
  readonly fields: readonly CodecField[];
  /** Notes that the module uses a name of the runtime; gives it back. */
  readonly use: (name: string) => string;
}

/** The property of a field that every JavaScript object inherits: read it only when it is the value's own. */
export function isShadowed(field: CodecField): boolean {
  return field.property in Object.prototype;
}

export function propertyOf(desc: DescField): string {
  return protoCamelCase(desc.name);
}

/** Whether a value is always there after decoding: implicit fields, lists and maps. */
export function isAlwaysThere({ field }: CodecField): boolean {
  return field.presence !== "optional";
}

/** Fields by name: the order of JSON and MessagePack. Names are ASCII, so every order agrees. */
export function byName(fields: readonly CodecField[]): readonly CodecField[] {
  return fields.toSorted((a, b) => (a.field.name < b.field.name ? -1 : 1));
}

/** The messages of all schemas that no value can nest beyond the limit of depth. */
export function messagesWithin(schemas: readonly MessageType[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const schema of schemas.filter(isWithinDepth)) collect(schema, names);
  return names;
}

/** Whether no value of the schema lies deeper than the limit. */
export function isWithinDepth(schema: MessageType): boolean {
  return depthOf(schema) <= MAX_DEPTH;
}

function depthOf(schema: MessageType): number {
  return 1 + Math.max(0, ...schema.fields.map(fieldDepth));
}

function fieldDepth({ presence, type }: Field): number {
  const own = presence === "repeated" || presence === "map" ? 1 : 0;
  return own + (typeof type === "object" && "fields" in type ? depthOf(type) : 0);
}

function collect(schema: MessageType, names: Set<string>): void {
  names.add(schema.message);
  for (const { type } of schema.fields) {
    if (typeof type === "object" && "fields" in type && !names.has(type.message)) collect(type, names);
  }
}

/** How deep the records of each message may lie in values of the schemas: its name -> the deepest level. */
export function deepestPlaces(schemas: readonly MessageType[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const schema of schemas.filter(isWithinDepth)) place(schema, 1, places);
  return places;
}

function place({ message, fields }: MessageType, depth: number, places: Map<string, number>): void {
  places.set(message, Math.max(depth, places.get(message) ?? 0));
  for (const { presence, type } of fields) {
    const own = presence === "repeated" || presence === "map" ? 2 : 1;
    if (typeof type === "object" && "fields" in type) place(type, depth + own, places);
  }
}

/** Fields of a message as the compiler knows them, in the order of their numbers. */
export function fieldsByNumber(message: DescMessage): readonly DescField[] {
  return message.fields.toSorted((a, b) => a.number - b.number);
}
