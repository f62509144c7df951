import type { EntityRecord, Field, FieldType } from "@cachepact/wire";

/** A JSON schema as OpenAPI 3.1 uses it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** How a request form of an entity differs from the entity itself. */
export interface RequestForm {
  /** Members that a request must state; every other one may be left out. */
  readonly required: readonly string[];
  /** Members that a request does not have. */
  readonly omit?: readonly string[];
}

/**
 * The JSON schema of an entity, from its contract: the one place where the HTTP documentation learns what a value is.
 *
 * Without `form` it describes answers: the canonical JSON, where only optional fields may be absent.
 */
export function jsonSchema(record: EntityRecord, form?: RequestForm): JsonSchema {
  const fields = record.schema.fields.filter((field) => !form?.omit?.includes(field.name));
  return messageSchema(fields, form ? form.required : fields.filter(isAlwaysThere).map((field) => field.name));
}

function messageSchema(fields: readonly Field[], required: readonly string[]): JsonSchema {
  return {
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    ...(required.length > 0 ? { required: [...required].toSorted() } : {}),
  };
}

function isAlwaysThere(field: Field): boolean {
  return field.presence !== "optional" || field.required === true;
}

function fieldSchema({ presence, type, jstype }: Field): JsonSchema {
  const item = typeSchema(type, jstype);
  if (presence === "repeated") return { type: "array", items: item };
  if (presence === "map") return { type: "object", additionalProperties: item };
  return item;
}

function typeSchema(type: FieldType, jstype: "number" | undefined): JsonSchema {
  if (typeof type === "object") {
    return "enum" in type
      ? { type: "string", enum: Object.keys(type.values) }
      : messageSchema(
          type.fields,
          type.fields.filter(isAlwaysThere).map((field) => field.name),
        );
  }
  switch (type) {
    case "string":
      return { type: "string" };
    case "bytes":
      return { type: "string", contentEncoding: "base64" };
    case "bool":
      return { type: "boolean" };
    case "double":
      return { type: "number" };
    case "timestamp":
      return { type: "string", format: "date-time" };
    case "int32":
    case "sint32":
      return { type: "integer", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
    case "uint32":
      return { type: "integer", minimum: 0, maximum: 2 ** 32 - 1 };
    case "uint64":
      return jstype
        ? { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
        : { type: "string", pattern: "^[0-9]{1,20}$" };
    case "int64":
    case "sint64":
      return jstype
        ? { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }
        : { type: "string", pattern: "^-?[0-9]{1,19}$" };
    default:
      return type satisfies never;
  }
}
