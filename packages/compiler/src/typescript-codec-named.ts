import { nameOf } from "./typescript-codec-function.ts";
import type { CodecField, CodecMessage } from "./typescript-codec-message.ts";
import { block, guarded } from "./typescript-layout.ts";

/** How a codec goes through what a list or a map holds. */
export interface Loops {
  readonly list: string;
  readonly map: string;
}

/** Where fields are found by name, all others are written: only a required one can be missing. */
export function isRequired({ field }: CodecField): boolean {
  return field.required === true;
}

/** Reads one field of a codec in which fields have names, JSON and MessagePack; `one` reads one value of it. */
export function readNamedField(message: CodecMessage, each: CodecField, loops: Loops, one: string): string[] {
  const { field, local, type } = each;
  const head = `if (input.name(${nameOf(message, each)}))`;
  if (field.presence === "repeated") {
    return block(head, [
      ...(isRequired(each) ? [`${local} = [];`] : []),
      ...guarded(loops.list, () => [`${local}.push(${one});`], 2),
    ]);
  }
  if (field.presence === "map") {
    return block(head, [
      ...(isRequired(each) ? [`${local} = ${message.use("emptyMap")}<${type}>();`] : []),
      "let key: string | undefined;",
      ...block(loops.map, ["key = input.keyAfter(key);", `${local}[key] = ${one};`]),
    ]);
  }
  return guarded(head, () => [`${local} = ${one};`], 1);
}
