import { type DescEnum, type DescField, type DescMessage, isFieldSet, ScalarType as Scalar } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import { Edition, FieldOptions_JSType, FieldOptionsSchema } from "@bufbuild/protobuf/wkt";
import type { EnumType, Field, FieldType, MessageType, Reserved, ScalarType } from "@cachepact/wire";
import type { OptionReader } from "./entry-option.ts";
import type { Problems } from "./problems.ts";

/** Messages are inlined where they are used; a schema beyond this would be a runaway lock, not a cached value. */
const MAX_FIELDS = 10_000;

const SCALARS: Readonly<Partial<Record<Scalar, ScalarType>>> = {
  [Scalar.INT32]: "int32",
  [Scalar.UINT32]: "uint32",
  [Scalar.SINT32]: "sint32",
  [Scalar.INT64]: "int64",
  [Scalar.UINT64]: "uint64",
  [Scalar.SINT64]: "sint64",
  [Scalar.BOOL]: "bool",
  [Scalar.STRING]: "string",
  [Scalar.BYTES]: "bytes",
  [Scalar.DOUBLE]: "double",
};

const REFUSED_SCALARS: Readonly<Partial<Record<Scalar, string>>> = {
  [Scalar.FLOAT]: "float is refused, its text differs between languages; use double",
  [Scalar.FIXED32]: "fixed32 is refused; use uint32",
  [Scalar.FIXED64]: "fixed64 is refused; use uint64",
  [Scalar.SFIXED32]: "sfixed32 is refused; use sint32",
  [Scalar.SFIXED64]: "sfixed64 is refused; use sint64",
};

const TIMESTAMP = "google.protobuf.Timestamp";

const REFUSED_MESSAGES: Readonly<Record<string, string>> = {
  "google.protobuf.Any": "declare a message for what it holds",
  "google.protobuf.Struct": "declare a message, or a map<string, T>",
  "google.protobuf.Value": "declare a message for what it holds",
  "google.protobuf.ListValue": "declare a repeated field",
  "google.protobuf.Duration": "use an integer field whose name ends in _ms",
};

const WRAPPER = /^google\.protobuf\.(Bool|Bytes|Double|Float|Int32|Int64|String|UInt32|UInt64)Value$/;
const FIELD_NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const ENUM_VALUE_NAME = /^[A-Z][A-Z0-9_]*$/;
const TYPE_NAME = /^[A-Z][A-Za-z0-9]*$/;

/** The schema of one entity and the declarations that it is made of. */
export interface Schema {
  readonly type: MessageType;
  /** Every message and enum that the schema uses, the entity's own message first. */
  readonly used: ReadonlySet<DescMessage | DescEnum>;
}

/** Walks from an entity's message to all that it holds, and checks it against the contract profile. */
export function readSchema(entity: DescMessage, plain: boolean, options: OptionReader, problems: Problems): Schema {
  return new SchemaReader(plain, options, problems).read(entity);
}

/** True for the types of which JavaScript numbers hold only a part. */
export function is64Bit(type: FieldType): boolean {
  return type === "int64" || type === "uint64" || type === "sint64";
}

/** The fields of a message wherever it stands in one of the schemas, by name. */
export function fieldsOf(message: DescMessage, schemas: readonly MessageType[]): ReadonlyMap<string, Field> {
  return new Map(schemaOf(message, schemas)?.fields.map((field) => [field.name, field]));
}

/** The schema of a message wherever it stands in one of the schemas. */
export function schemaOf(message: DescMessage, schemas: readonly MessageType[]): MessageType | undefined {
  for (const schema of schemas) {
    const found = find(schema, message.typeName);
    if (found !== undefined) return found;
  }
  return undefined;
}

function find(type: MessageType, message: string): MessageType | undefined {
  if (type.message === message) return type;
  for (const field of type.fields) {
    const inner = typeof field.type === "object" && "fields" in field.type ? find(field.type, message) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** What a message reserves; undefined = nothing. Ranges are half-open in a descriptor, and closed here. */
function reservedOf({ proto }: DescMessage): Reserved | undefined {
  if (proto.reservedName.length === 0 && proto.reservedRange.length === 0) return undefined;
  const numbers = proto.reservedRange.map(({ start, end }) => [start, end - 1] as const);
  return { names: proto.reservedName.toSorted(), numbers: numbers.toSorted(([a], [b]) => a - b) };
}

class SchemaReader {
  readonly #plain: boolean;
  readonly #options: OptionReader;
  readonly #problems: Problems;
  readonly #used = new Set<DescMessage | DescEnum>();
  readonly #path: DescMessage[] = [];
  #fields = 0;

  constructor(plain: boolean, options: OptionReader, problems: Problems) {
    this.#plain = plain;
    this.#options = options;
    this.#problems = problems;
  }

  read(entity: DescMessage): Schema {
    const type = this.#message(entity);
    if (this.#fields > MAX_FIELDS) {
      this.#problems.add(entity, `its schema has more than ${MAX_FIELDS} fields with all messages inlined; split it`);
    }
    return { type, used: this.#used };
  }

  #message(message: DescMessage): MessageType {
    const first = !this.#used.has(message);
    this.#used.add(message);
    if (first) this.#checkMessage(message);
    this.#path.push(message);
    const fields = message.fields
      .filter((field) => this.#accepted(field))
      .map((field) => this.#field(field))
      .toSorted((a, b) => a.number - b.number);
    this.#path.pop();
    const reserved = reservedOf(message);
    return { message: message.typeName, fields, ...(reserved === undefined ? {} : { reserved }) };
  }

  #checkMessage(message: DescMessage): void {
    if (message.file.edition !== Edition.EDITION_PROTO3) {
      this.#problems.add(message, 'its file is not proto3; begin the file with syntax = "proto3"');
    }
    if (!TYPE_NAME.test(message.name)) {
      this.#problems.add(message, "its name is not PascalCase, as classes are in both languages; rename it");
    }
    for (const oneof of message.oneofs) {
      this.#problems.add(
        oneof.fields[0] ?? message,
        `oneof ${oneof.name} is refused, moving fields into and out of it breaks old readers; use optional fields`,
      );
    }
  }

  /** False for a field whose type has no place in a schema; what is wrong with it has been noted. */
  #accepted(field: DescField): boolean {
    const problem = this.#refusal(field);
    if (problem !== undefined) this.#problems.add(field, problem);
    return problem === undefined;
  }

  #refusal(field: DescField): string | undefined {
    if (field.fieldKind === "map" && field.mapKey !== Scalar.STRING) {
      return `map keys of type ${Scalar[field.mapKey].toLowerCase()} are refused, JavaScript objects turn them into strings; use map<string, T>`;
    }
    if (field.scalar !== undefined) return REFUSED_SCALARS[field.scalar];
    const { message } = field;
    if (message === undefined || message.typeName === TIMESTAMP) return undefined;
    if (WRAPPER.test(message.typeName)) return `${message.typeName} is refused; use an optional field`;
    if (message.file.proto.package === "google.protobuf") {
      const remedy = REFUSED_MESSAGES[message.typeName] ?? "declare a message of your own";
      return `${message.typeName} is refused; ${remedy}`;
    }
    if (this.#path.includes(message)) {
      return `${message.typeName} contains itself, cached values have a bounded depth; store ids instead`;
    }
    return this.#fields > MAX_FIELDS ? "is part of too large a schema; split it" : undefined;
  }

  #field(field: DescField): Field {
    this.#fields += 1;
    this.#checkField(field);
    const type = this.#type(field);
    const jstype = this.#jstype(field, type);
    const { required, pii, version } = this.#options.field(field);
    if (version && this.#options.entry(field.parent) === undefined) {
      this.#problems.add(field, "only a field of the entity's own message can be its version; remove version = true");
    }
    return {
      name: field.name,
      number: field.number,
      presence: presenceOf(field),
      type,
      ...(jstype === undefined ? {} : { jstype }),
      ...(required ? { required } : {}),
      ...(pii ? { pii } : {}),
    };
  }

  #checkField(field: DescField): void {
    if (!FIELD_NAME.test(field.name)) {
      this.#problems.add(
        field,
        "its name is not lower_snake_case, which both languages' properties come from; rename it",
      );
    }
    if (field.jsonName !== protoCamelCase(field.name)) {
      this.#problems.add(field, "json_name is refused, JSON uses the proto name; remove it");
    }
    const { options } = field.proto;
    if (options !== undefined && isFieldSet(options, FieldOptionsSchema.field.packed) && !options.packed) {
      this.#problems.add(field, "packed = false is refused, a list has one byte form; remove it");
    }
  }

  #type(field: DescField): FieldType {
    if (field.message !== undefined)
      return field.message.typeName === TIMESTAMP ? "timestamp" : this.#message(field.message);
    if (field.enum !== undefined) return this.#enum(field.enum);
    return SCALARS[field.scalar] ?? "string";
  }

  #enum(type: DescEnum): EnumType {
    const first = !this.#used.has(type);
    this.#used.add(type);
    if (first) this.#checkEnum(type);
    return { enum: type.typeName, values: Object.fromEntries(type.values.map((value) => [value.name, value.number])) };
  }

  #checkEnum(type: DescEnum): void {
    if (type.file.edition !== Edition.EDITION_PROTO3) {
      this.#problems.add(type, 'its file is not proto3; begin the file with syntax = "proto3"');
    }
    if (!TYPE_NAME.test(type.name)) this.#problems.add(type, "its name is not PascalCase; rename it");
    for (const { name } of type.values.filter((value) => !ENUM_VALUE_NAME.test(value.name))) {
      this.#problems.add(
        type,
        `its value ${name} is not UPPER_SNAKE_CASE, as constants are in both languages; rename it`,
      );
    }
    const zero = type.values.find((value) => value.number === 0);
    if (zero?.name.endsWith("_UNSPECIFIED") !== true) {
      this.#problems.add(
        type,
        `its zero value is ${zero?.name ?? "missing"}; name it <ENUM>_UNSPECIFIED, it is what readers see of an unknown one`,
      );
    }
    if (new Set(type.values.map((value) => value.number)).size < type.values.length) {
      this.#problems.add(
        type,
        "two names share a number, a value has one JSON form; remove allow_alias and one of them",
      );
    }
  }

  #jstype(field: DescField, type: FieldType): "number" | undefined {
    if (!is64Bit(type)) return undefined;
    const jstype = field.proto.options?.jstype ?? FieldOptions_JSType.JS_NORMAL;
    if (this.#plain && jstype === FieldOptions_JSType.JS_NORMAL) {
      this.#problems.add(
        field,
        field.fieldKind === "map"
          ? "a map of 64-bit integers cannot state its jstype, which naive readers of a PLAIN entity need; use a message or a string as its value"
          : "a 64-bit field of a PLAIN entity states its JSON form; add jstype = JS_NUMBER (up to 2^53 - 1) or JS_STRING",
      );
    }
    return jstype === FieldOptions_JSType.JS_NUMBER ? "number" : undefined;
  }
}

function presenceOf(field: DescField): Field["presence"] {
  if (field.fieldKind === "list") return "repeated";
  if (field.fieldKind === "map") return "map";
  return field.fieldKind === "message" || field.proto.proto3Optional ? "optional" : "implicit";
}
