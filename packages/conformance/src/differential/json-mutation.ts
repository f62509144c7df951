import { BASE64, ENUM_FORMS, NUMBERS, SPACES, STRINGS, TIMES, WHOLE } from "./json-edges.ts";
import { type JsonMembers, type JsonNode, leaf, parseJsonTree, writeJsonTree } from "./json-tree.ts";
import { type Mutation, pickOf } from "./mutation.ts";

/** Changes that keep text JSON, mostly: what a lenient reader takes, and what it must not. */
export const JSON_MUTATIONS = [
  "space",
  "escape",
  "number",
  "quote",
  "time",
  "base64",
  "name",
  "replace",
  "duplicate",
  "reorder",
  "unknown",
  "drop",
  "rename",
  "null",
] as const;

export type JsonMutation = Mutation<(typeof JSON_MUTATIONS)[number]>;

/** The text after one change; the same text when there is nothing that it could change. */
export function mutateJson(text: string, change: JsonMutation): string {
  if (change.how === "space") return spaced(text, change);
  const tree = parseJsonTree(text);
  if (tree === undefined) return text;
  return writeJsonTree(rewrite(tree, change) ?? tree);
}

/** White space beside a sign of the structure, or anywhere. */
function spaced(text: string, { at, pick }: JsonMutation): string {
  const signs = [...text.matchAll(/[[\]{}:,]/g)].flatMap(({ index }) => [index, index + 1]);
  const places = pick % 4 === 0 ? [...text.matchAll(/(?:)/g)].map(({ index }) => index) : signs;
  const place = places.length === 0 ? 0 : pickOf(places, at);
  return text.slice(0, place) + pickOf(SPACES, pick >> 2) + text.slice(place);
}

function rewrite(tree: JsonNode, { how, at, pick }: JsonMutation): JsonNode | undefined {
  const onLeaf = (pattern: RegExp, edit: (text: string) => string): JsonNode | undefined =>
    edited(tree, at, (node) => (node.kind === "leaf" && pattern.test(node.text) ? leaf(edit(node.text)) : undefined));
  const onMembers = (edit: (node: JsonMembers) => JsonNode): JsonNode | undefined =>
    edited(tree, at, (node) => (node.kind === "members" ? edit(node) : undefined));
  switch (how) {
    case "escape":
      return onLeaf(/^"./, (text) => escaped(text, pick));
    case "number":
      return onLeaf(/^-?[0-9]/, (text) => respelled(text, pick));
    case "quote":
      return onLeaf(/^"?-?[0-9.]+"?$/, (text) => (text.startsWith('"') ? text.slice(1, -1) : `"${text}"`));
    case "time":
      return onLeaf(/^"[0-9]{4}-/, () => JSON.stringify(pickOf(TIMES, pick)));
    case "base64":
      return onLeaf(/^"[A-Za-z0-9+/]*=*"$/, () => JSON.stringify(pickOf([...BASE64, ...STRINGS], pick)));
    case "name":
      return onLeaf(/^"[A-Z][A-Z0-9_]*"$/, () => pickOf(ENUM_FORMS, pick));
    case "replace":
      return edited(tree, at, () => pickOf(WHOLE, pick));
    case "null":
      return edited(tree, at, () => leaf("null"));
    case "duplicate":
      return onMembers((node) => {
        const [name, value] = node.members[pick % Math.max(1, node.members.length)] ?? ['"a"', leaf("1")];
        const spelling = pick % 2 === 0 ? name : escaped(name, pick);
        return { ...node, members: [...node.members, [spelling, pick % 3 === 0 ? leaf("null") : value]] };
      });
    case "reorder":
      return onMembers((node) => ({ ...node, members: node.members.toReversed() }));
    case "drop":
      return onMembers((node) => ({
        ...node,
        members: node.members.toSpliced(pick % Math.max(1, node.members.length), 1),
      }));
    case "rename":
      return onMembers((node) => {
        const index = pick % Math.max(1, node.members.length);
        const value = node.members[index]?.[1] ?? leaf("1");
        return {
          ...node,
          members: node.members.toSpliced(index, 1, [escaped(node.members[index]?.[0] ?? '"a"', pick), value]),
        };
      });
    default:
      return onMembers((node) => {
        const name = pickOf(['"zz_new"', '""', '"__proto__"', '"constructor"', '"\\ud800"'], pick);
        return { ...node, members: [...node.members, [name, pickOf(WHOLE, pick >> 3)]] };
      });
  }
}

/** One character of a string as an escape, or a change that no escape is. */
function escaped(text: string, pick: number): string {
  const inner = text.slice(1, -1);
  const units = inner.includes("\\") ? [] : Array.from(inner);
  if (units.length === 0) return pickOf(['"\\u0041"', '"\\/"', '"\\ud800"', '"\\u0000"', '"\\a"'], pick);
  const index = pick % units.length;
  const unit = units[index] as string;
  const hex = Array.from({ length: unit.length }, (_, at) => `\\u${unit.charCodeAt(at).toString(16).padStart(4, "0")}`);
  const spelling = pick % 5 === 0 ? hex.join("").toUpperCase().replaceAll("\\U", "\\u") : hex.join("");
  return `"${units.toSpliced(index, 1, spelling).join("")}"`;
}

/** A number in another form, or another number. */
function respelled(text: string, pick: number): string {
  const forms = [
    `${text}.0`,
    `${text}e0`,
    `${text}E+0`,
    `${text}0e-1`,
    `-${text}`,
    `0${text}`,
    `${text}.00000001`,
    `${text}e-1`,
  ];
  return pick % 2 === 0 ? pickOf(forms, pick >> 1) : pickOf(NUMBERS, pick >> 1);
}

/** The tree with its `at`-th node among those that `edit` can change replaced. */
function edited(tree: JsonNode, at: number, edit: (node: JsonNode) => JsonNode | undefined): JsonNode | undefined {
  const count = counted(tree, edit);
  if (count === 0) return undefined;
  let left = at % count;
  const walk = (node: JsonNode): JsonNode => {
    const change = edit(node);
    if (change !== undefined) {
      if (left === 0) {
        left = -1;
        return change;
      }
      left -= 1;
    }
    if (left < 0 || node.kind === "leaf") return node;
    if (node.kind === "array") return { ...node, items: node.items.map(walk) };
    return { ...node, members: node.members.map(([name, value]) => [name, walk(value)] as const) };
  };
  return walk(tree);
}

function counted(node: JsonNode, edit: (node: JsonNode) => JsonNode | undefined): number {
  const own = edit(node) === undefined ? 0 : 1;
  if (node.kind === "leaf") return own;
  const parts = node.kind === "array" ? node.items : node.members.map(([, value]) => value);
  return parts.reduce((sum, part) => sum + counted(part, edit), own);
}
