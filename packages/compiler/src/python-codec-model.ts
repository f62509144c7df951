import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import type { Field } from "@cachepact/wire";
import type { Contract } from "./compile.ts";
import type { CompiledEntity } from "./entity-record.ts";
import { declarations, nameOf } from "./names.ts";
import { compare } from "./problems.ts";
import { attributeName, packageModule } from "./python-syntax.ts";
import { fieldsOf, is64Bit } from "./schema.ts";

/** msgspec takes the long head of a map for a struct of this many fields, also when fewer of them are there. */
const LONG_HEAD_FIELDS = 16;

/** Levels of records, lists and maps that a value may have: a deeper schema is the interpreter's alone. */
const DEPTH_MAX = 32;

/** A message as the emitters of Python's codecs see it. */
export interface Message {
  readonly desc: DescMessage;
  /** Name of the class of its values. */
  readonly name: string;
  /** What the names of its functions end in, and those of its wire forms begin with: no other message has them. */
  readonly stem: string;
  readonly wireName: string;
  /** Module of the class; that of the codec has an underscore before and `_codec` behind it. */
  readonly module: string;
  /** In the order of their names, which is that of JSON and MessagePack. */
  readonly members: readonly Member[];
  /** Whether the class is its own form in MessagePack, and in JSON: nothing in it is written as another type. */
  readonly isItself: { readonly msgpack: boolean; readonly json: boolean };
  /** Whether msgspec may give it, and whether it may give something in it, a longer head than MessagePack needs. */
  readonly mayHaveLongHead: boolean;
  readonly mayHoldLongHead: boolean;
}

export interface Member {
  readonly field: Field;
  readonly attribute: string;
  readonly kind: Kind;
  /** Whether it is None when it is absent. */
  readonly mayBeAbsent: boolean;
  readonly message: Message | undefined;
  readonly enum: DescEnum | undefined;
}

/** `long` = a 64-bit integer that JSON writes as a string. */
export type Kind = "int" | "long" | "bool" | "string" | "bytes" | "double" | "timestamp" | "enum" | "message";

/** The messages of all entities that get a codec, those they hold before themselves. */
export class CodecModel {
  readonly messages: ReadonlyMap<DescMessage, Message>;
  /** Entities that get a codec. */
  readonly entities: readonly CompiledEntity[];
  readonly #contract: Contract;
  readonly #found = new Map<DescMessage, Message>();
  readonly #twins: ReadonlyMap<DescMessage, string>;

  constructor(contract: Contract) {
    this.#contract = contract;
    this.#twins = twins(contract);
    this.entities = contract.entities.filter(({ record }) => depthOf(record.schema) <= DEPTH_MAX);
    for (const { message } of this.entities) this.#add(message);
    this.messages = this.#found;
  }

  #add(desc: DescMessage): Message {
    const known = this.#found.get(desc);
    if (known !== undefined) return known;
    const fields = fieldsOf(
      desc,
      this.#contract.entities.map(({ record }) => record.schema),
    );
    const members = desc.fields
      .flatMap((each) => this.#member(each, fields.get(each.name)) ?? [])
      .toSorted((a, b) => compare(a.field.name, b.field.name));
    const always = members.filter((member) => !member.mayBeAbsent).length;
    const mayHaveLongHead = members.length >= LONG_HEAD_FIELDS && always < LONG_HEAD_FIELDS;
    const message = {
      desc,
      name: nameOf(desc),
      stem: `${snakeCase(nameOf(desc))}${this.#twins.get(desc) ?? ""}`,
      wireName: `_${nameOf(desc)}${this.#twins.get(desc) ?? ""}`,
      module: packageModule(desc.file),
      members,
      isItself: {
        msgpack: members.every((member) => !isRewritten(member) && member.message?.isItself.msgpack !== false),
        json: members.every(
          (member) => !isRewritten(member) && member.kind !== "long" && member.message?.isItself.json !== false,
        ),
      },
      mayHaveLongHead,
      mayHoldLongHead: mayHaveLongHead || members.some((member) => member.message?.mayHoldLongHead === true),
    };
    this.#found.set(desc, message);
    return message;
  }

  #member(desc: DescField, field: Field | undefined): Member | undefined {
    if (field === undefined) return undefined;
    const kind = kindOf(field);
    return {
      field,
      attribute: attributeName(field.name),
      kind,
      mayBeAbsent: field.presence === "optional" && field.required !== true,
      message: kind === "message" && desc.message !== undefined ? this.#add(desc.message) : undefined,
      enum: desc.enum,
    };
  }
}

/** The variable of a loop over a member's messages or times: loops of one function over other types have other names. */
export function itemName({ message }: Member): string {
  return message === undefined ? "moment" : `${message.stem}_item`;
}

/** What no class can hold as it is written: absence, and values that are checked or become another type. */
function isRewritten({ kind, mayBeAbsent }: Member): boolean {
  return mayBeAbsent || kind === "double" || kind === "timestamp" || kind === "enum";
}

function kindOf(field: Field): Kind {
  if (typeof field.type === "object") return "enum" in field.type ? "enum" : "message";
  if (is64Bit(field.type)) return field.jstype === "number" ? "int" : "long";
  if (field.type === "int32" || field.type === "uint32" || field.type === "sint32") return "int";
  return field.type as Kind;
}

/** Levels of the deepest value: each record, list and map is one. */
function depthOf(type: { readonly fields: readonly Field[] }): number {
  const depths = type.fields.map((field) => {
    const inner = typeof field.type === "object" && "fields" in field.type ? depthOf(field.type) : 0;
    return field.presence === "repeated" || field.presence === "map" ? 1 + inner : inner;
  });
  return 1 + Math.max(0, ...depths);
}

/** Numbers for messages whose names are one in snake case, from the second on: functions of all modules meet in imports. */
function twins(contract: Contract): ReadonlyMap<DescMessage, string> {
  const seen = new Map<string, number>();
  const found = new Map<DescMessage, string>();
  for (const type of [...declarations(contract).values()].flat()) {
    if (type.kind !== "message") continue;
    const stem = snakeCase(nameOf(type));
    const count = (seen.get(stem) ?? 0) + 1;
    seen.set(stem, count);
    if (count > 1) found.set(type, `_${count}`);
  }
  return found;
}

/** `LineItem` -> `line_item`. */
export function snakeCase(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}
