import type { EntityRecord } from "@cachepact/wire";

/** A key template, parsed; `SPEC.md` holds its grammar. */
export interface KeyTemplate {
  readonly entity: string;
  readonly segments: readonly TemplateSegment[];
}

export type TemplateSegment = { readonly literal: string } | { readonly param: string; readonly hashTag: boolean };

/** Names of entities, literals and logs: they stand in keys unescaped. */
export const KEY_NAME: RegExp = /^[a-z][a-z0-9_-]{0,39}$/;

export const KEY_NAME_RULE = "1 to 40 of a-z, 0-9, - and _, beginning with a letter";

/** Names of parameters: they are fields, or declared in `params`, and then named as fields are. */
const PARAM_NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** Parses `entity:{param}:literal:{{param}}`, or says everything that is wrong with it. */
export function parseKeyTemplate(template: string): KeyTemplate | { readonly problems: readonly string[] } {
  if (template === "") return { problems: ['the option has no key; write one such as "user:{id}"'] };
  const [entity = "", ...rest] = template.split(":");
  const problems: string[] = [];
  if (!KEY_NAME.test(entity)) {
    problems.push(`key "${template}" must begin with the entity's name, found "${entity}"; use ${KEY_NAME_RULE}`);
  }
  const segments = rest.map((text) => {
    const segment = parseSegment(text);
    if (typeof segment !== "string") return segment;
    problems.push(`key "${template}": ${segment}`);
    return { literal: text };
  });
  const params = segments.filter((segment) => "param" in segment);
  if (params.filter((param) => param.hashTag).length > 1) {
    problems.push(`key "${template}" has more than one {{ }}; a key has one Cluster hash tag, write the others as { }`);
  }
  const names = params.map((param) => param.param);
  for (const twin of new Set(names.filter((name, index) => names.indexOf(name) !== index))) {
    problems.push(`key "${template}" holds {${twin}} twice; each parameter stands in one segment`);
  }
  return problems.length > 0 ? { problems } : { entity, segments };
}

function parseSegment(text: string): TemplateSegment | string {
  const hashTag = text.startsWith("{{");
  const name = hashTag ? /^\{\{([^{}]*)\}\}$/.exec(text)?.[1] : /^\{([^{}]*)\}$/.exec(text)?.[1];
  if (name !== undefined) {
    if (PARAM_NAME.test(name)) return { param: name, hashTag };
    return `segment "${text}" does not name a parameter; use lower_snake_case, as fields do`;
  }
  if (/[{}]/.test(text))
    return `segment "${text}" mixes text and braces; put each parameter between colons, as ":{id}:"`;
  if (KEY_NAME.test(text)) return { literal: text };
  return `segment "${text}" is not a literal; use ${KEY_NAME_RULE}`;
}

/** The key of an entity as people read it, without a namespace: `session@2:{{user_id}}:{session_id}`. */
export function describeKey(record: Pick<EntityRecord, "entity" | "generation" | "key">): string {
  const entity = record.generation === 0 ? record.entity : `${record.entity}@${record.generation}`;
  const segments = record.key.map((segment) => {
    if ("literal" in segment) return segment.literal;
    return segment.hash_tag === true ? `{{${segment.param}}}` : `{${segment.param}}`;
  });
  return [entity, ...segments].join(":");
}
