import type { DescMessage } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import type { Field, KeyParam, KeySegment, MessageType } from "@cachepact/wire";
import { type EntryOption, type ParamOption, TRANSFORMS } from "./entry-option.ts";
import { parseKeyTemplate, type TemplateSegment } from "./key-template.ts";
import type { Problems } from "./problems.ts";

/** Raw UTF-8 bytes of a parameter: a key stays short enough to be listed, logged and compared quickly. */
export const DEFAULT_PARAM_MAX_BYTES = 128;

/** The limit of a whole key, namespace included: what exceeds it has no entry in the cache. */
const MAX_KEY_BYTES = 512;

type ParamType = KeyParam["type"];

const PARAM_TYPES: ReadonlySet<string> = new Set<ParamType>([
  "int32",
  "uint32",
  "sint32",
  "int64",
  "uint64",
  "sint64",
  "bool",
  "string",
  "bytes",
  "uuid",
  "enum",
]);

/** Literals of an enum parameter stand in keys unescaped. */
const ENUM_LITERAL = /^[A-Za-z0-9._~-]+$/;

/** The key of an entity: its name and its typed segments. What is wrong is noted; the result then is not for use. */
export function readKey(
  message: DescMessage,
  option: EntryOption,
  schema: MessageType,
  problems: Problems,
): { readonly entity: string; readonly segments: readonly KeySegment[] } {
  const template = parseKeyTemplate(option.key);
  if ("problems" in template) {
    for (const problem of template.problems) problems.add(message, problem);
    return { entity: "", segments: [] };
  }
  const declared = new Map<string, ParamOption>();
  for (const param of option.params) {
    if (declared.has(param.name)) problems.add(message, `params declares "${param.name}" twice; keep one`);
    declared.set(param.name, param);
    if (!template.segments.some((segment) => "param" in segment && segment.param === param.name)) {
      problems.add(
        message,
        `params declares "${param.name}", which the key does not hold; add {${param.name}} or remove it`,
      );
    }
  }
  const note = (text: string): void => problems.add(message, text);
  refuseTwins(template.segments, schema, note);
  const segments = template.segments.map((segment) => {
    if ("literal" in segment) return segment;
    const field = schema.fields.find((each) => each.name === segment.param);
    return readParam(segment, field, declared.get(segment.param), note);
  });
  const shortest = shortestKey(template.entity, option, segments);
  if (shortest > MAX_KEY_BYTES) {
    note(`its shortest key has ${shortest} bytes, but a whole key has ${MAX_KEY_BYTES}; use fewer or shorter segments`);
  }
  return { entity: template.entity, segments };
}

/** Bytes of the shortest key that can be built, without a namespace. */
function shortestKey(entity: string, option: EntryOption, segments: readonly KeySegment[]): number {
  const generation = option.generation === 0 ? "" : `@${option.generation}`;
  const tag = option.log === "" ? "" : `:{${option.log}.p00}`;
  const lengths = segments.map((segment) => {
    if ("literal" in segment) return segment.literal.length;
    return shortestParam(segment) + (segment.hash_tag === true ? 2 : 0);
  });
  return lengths.reduce((sum, length) => sum + 1 + length, `${entity}${generation}${tag}`.length);
}

function shortestParam({ type, transforms, values = [] }: KeyParam): number {
  if (transforms.length > 0) return 32;
  if (type === "uuid") return 36;
  if (type === "bool") return "true".length;
  // One byte is two characters of base64url.
  if (type === "bytes") return 2;
  return values.length === 0 ? 1 : Math.min(...values.map((value) => value.length));
}

/** `a_1` and `a1` differ in Python only: TypeScript would take one for the other. */
function refuseTwins(segments: readonly TemplateSegment[], schema: MessageType, note: (text: string) => void): void {
  const seen = new Map<string, string>();
  for (const segment of segments) {
    if ("literal" in segment) continue;
    const { param } = segment;
    const property = protoCamelCase(param);
    const field = schema.fields.find(({ name }) => protoCamelCase(name) === property);
    const twin =
      seen.get(property) ?? (field === undefined || field.name === param ? undefined : `the field ${field.name}`);
    if (twin !== undefined) {
      note(`{${param}} and ${twin} are the same property in TypeScript, ${property}; rename one`);
    }
    seen.set(property, `{${param}}`);
  }
}

function readParam(
  segment: Extract<TemplateSegment, { param: string }>,
  field: Field | undefined,
  declared: ParamOption | undefined,
  note: (text: string) => void,
): KeyParam {
  const name = segment.param;
  const type = paramType(name, field, declared, note);
  const transforms = (declared?.transforms ?? []).map((number) => {
    const transform = TRANSFORMS[number];
    if (transform === undefined) note(`parameter {${name}} has an unspecified transform; name one or remove it`);
    return transform ?? "sha256";
  });
  if (transforms.length > 0 && type !== "string") {
    note(`parameter {${name}} is ${type}, but transforms are for strings; remove them`);
  }
  if (new Set(transforms).size < transforms.length) note(`parameter {${name}} lists a transform twice; keep one`);
  const values = enumValues(name, type, declared, note);
  return {
    param: name,
    type,
    ...(field?.jstype === undefined ? {} : { jstype: field.jstype }),
    ...(segment.hashTag ? { hash_tag: true } : {}),
    max_bytes: maxBytes(name, type, transforms.length > 0, declared, note),
    transforms,
    ...(values === undefined ? {} : { values }),
  };
}

function paramType(
  name: string,
  field: Field | undefined,
  declared: ParamOption | undefined,
  note: (text: string) => void,
): ParamType {
  const wanted = declared?.type === "" ? undefined : declared?.type;
  if (wanted !== undefined && !isParamType(wanted)) {
    note(`parameter {${name}} has the unknown type "${wanted}"; use one of ${[...PARAM_TYPES].join(", ")}`);
    return "string";
  }
  if (field === undefined) {
    if (wanted === undefined) {
      note(
        `key parameter {${name}} is neither a field nor declared with a type in params; correct the name or declare it`,
      );
    }
    return wanted ?? "string";
  }
  const found = fieldParamType(field);
  if (found === undefined) {
    note(
      `key parameter {${name}} is ${describe(field)}, which keys cannot hold; use an integer, bool, string or bytes field`,
    );
    return "string";
  }
  if (field.presence === "optional" && field.required !== true) {
    note(
      `key parameter {${name}} is an optional field, but a key has all its parameters; remove optional, or add required = true`,
    );
  }
  if (wanted === undefined || wanted === found) return found;
  if (found === "string" && (wanted === "uuid" || wanted === "enum")) return wanted;
  note(`parameter {${name}} is declared ${wanted}, but the field of its name is ${found}; make them the same`);
  return found;
}

function fieldParamType({ type, presence }: Field): ParamType | undefined {
  if (presence === "repeated" || presence === "map" || typeof type !== "string") return undefined;
  return isParamType(type) ? type : undefined;
}

function isParamType(text: string): text is ParamType {
  return PARAM_TYPES.has(text);
}

function describe({ type, presence }: Field): string {
  if (presence === "repeated") return "a repeated field";
  if (presence === "map") return "a map";
  if (typeof type === "string") return `a ${type}`;
  return "fields" in type ? "a message" : 'an enum field (a string field declared as type "enum" in params serves)';
}

function enumValues(
  name: string,
  type: ParamType,
  declared: ParamOption | undefined,
  note: (text: string) => void,
): readonly string[] | undefined {
  const values = declared?.values ?? [];
  if (type !== "enum") {
    if (values.length > 0)
      note(`parameter {${name}} lists values but is ${type}; give it the type "enum" or remove them`);
    return undefined;
  }
  if (values.length === 0) note(`enum parameter {${name}} lists no values; add values: ["…"]`);
  if (new Set(values).size < values.length) note(`enum parameter {${name}} lists a value twice; keep one`);
  for (const value of values.filter((each) => !ENUM_LITERAL.test(each))) {
    note(
      `enum parameter {${name}} has the value "${value}", which a key would escape; use A-Z, a-z, 0-9, ".", "_", "~", "-"`,
    );
  }
  return values;
}

function maxBytes(
  name: string,
  type: ParamType,
  hashed: boolean,
  declared: ParamOption | undefined,
  note: (text: string) => void,
): number {
  const wanted = declared?.maxBytes ?? 0;
  if (wanted === 0) return DEFAULT_PARAM_MAX_BYTES;
  if (type !== "string" && type !== "bytes") {
    note(`parameter {${name}} is ${type}, but max_bytes is for strings and bytes; remove it`);
  } else if (hashed) {
    note(
      `parameter {${name}} has max_bytes ${wanted} beside KEY_TRANSFORM_SHA256, which has no effect, a digest has one length; remove max_bytes`,
    );
  } else if (wanted > MAX_KEY_BYTES) {
    note(
      `parameter {${name}} has max_bytes ${wanted}, but a whole key has ${MAX_KEY_BYTES}; lower it or use KEY_TRANSFORM_SHA256`,
    );
  }
  return wanted;
}
