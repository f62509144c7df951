import { LEAVES } from "./msgpack-edges.ts";
import {
  bigEndian,
  leaf,
  type MsgpackLeaf,
  type MsgpackMap,
  type MsgpackNode,
  parseMsgpack,
  writeMsgpack,
} from "./msgpack-tree.ts";
import { chosen, type Mutation, pickOf } from "./mutation.ts";

/** Changes that keep MessagePack well-formed, mostly: what a lenient reader takes, and what it must not. */
export const MSGPACK_MUTATIONS = [
  "widen",
  "retime",
  "replace",
  "duplicate",
  "reorder",
  "unknown",
  "drop",
  "rename",
  "lie",
  "nil",
] as const;

export type MsgpackMutation = Mutation<(typeof MSGPACK_MUTATIONS)[number]>;

function textLeaf(text: string): MsgpackLeaf {
  const bytes = Buffer.from(text);
  return { kind: "leaf", bytes: Uint8Array.of(0xd9, bytes.length, ...bytes) };
}

/** The bytes after one change; the same bytes when there is nothing that it could change. */
export function mutateMsgpack(bytes: Uint8Array, change: MsgpackMutation): Uint8Array {
  const tree = parseMsgpack(bytes);
  if (tree === undefined) return bytes;
  const changed = rewrite(tree, change);
  return changed === undefined ? bytes : writeMsgpack(changed);
}

function rewrite(tree: MsgpackNode, { how, at, pick }: MsgpackMutation): MsgpackNode | undefined {
  const onMap = (edit: (map: MsgpackMap) => MsgpackNode): MsgpackNode | undefined =>
    edited(tree, at, (node) => (node.kind === "map" ? edit(node) : undefined));
  switch (how) {
    case "widen":
      return edited(tree, at, (node) => widened(node, pick));
    case "retime":
      return edited(tree, at, (node) => (isTime(node) ? pickOf(LEAVES.filter(isExtension), pick) : undefined));
    case "replace":
      return edited(tree, at, () => pickOf(LEAVES, pick));
    case "nil":
      return edited(tree, at, () => leaf(0xc0));
    case "lie":
      return edited(tree, at, (node) => liar(node, pick));
    case "duplicate":
      return onMap((map) => {
        const entry = chosen(map.entries, pick);
        if (entry === undefined) return map;
        const again = pick % 3 === 0 ? ([entry[0], pickOf(LEAVES, pick)] as const) : entry;
        return { ...map, entries: pick % 2 === 0 ? [...map.entries, again] : [again, ...map.entries] };
      });
    case "reorder":
      return onMap((map) => ({ ...map, entries: rotated(map.entries, pick) }));
    case "drop":
      return onMap((map) => ({ ...map, entries: map.entries.toSpliced(pick % Math.max(1, map.entries.length), 1) }));
    case "rename":
      return onMap((map) => {
        const index = pick % Math.max(1, map.entries.length);
        const value = map.entries[index]?.[1] ?? leaf(0);
        return { ...map, entries: map.entries.toSpliced(index, 1, [pickOf(LEAVES, pick), value]) };
      });
    default:
      return onMap((map) => {
        const name = pickOf([textLeaf("zz_new"), textLeaf(""), textLeaf("__proto__"), leaf(0xa1, 0xff)], pick);
        return { ...map, entries: [...map.entries, [name, pickOf(LEAVES, pick >> 2)]] };
      });
  }
}

function isExtension(node: MsgpackNode): boolean {
  const tag = node.kind === "leaf" ? (node.bytes[0] as number) : 0;
  return (tag >= 0xc7 && tag <= 0xc9) || (tag >= 0xd4 && tag <= 0xd8);
}

function isTime(node: MsgpackNode): boolean {
  return isExtension(node);
}

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  if (by % 4 === 0) return items.toReversed();
  const from = by % Math.max(1, items.length);
  return [...items.slice(from), ...items.slice(0, from)];
}

/** The same value behind a longer head, or as another kind of number. */
function widened(node: MsgpackNode, pick: number): MsgpackNode | undefined {
  if (node.kind !== "leaf") return { ...node, head: { width: pick % 2 === 0 ? 2 : 4 } };
  const tag = node.bytes[0] as number;
  const view = new DataView(node.bytes.buffer, node.bytes.byteOffset);
  const number = integerOf(view, tag);
  if (number !== undefined) return pickOf(integerForms(number), pick);
  if (tag === 0xcb) return pickOf(doubleForms(view.getFloat64(1)), pick);
  if (tag >= 0xa0 && tag <= 0xbf) return prefixed(0xd9, node.bytes.slice(1), pick);
  if (tag >= 0xd9 && tag <= 0xdb) return prefixed(0xd9, node.bytes.slice(1 + 2 ** (tag - 0xd9)), pick);
  if (tag >= 0xc4 && tag <= 0xc6) return prefixed(0xc4, node.bytes.slice(1 + 2 ** (tag - 0xc4)), pick);
  if (tag >= 0xd4 && tag <= 0xd8) return extension(node.bytes.slice(1), pick);
  return tag === 0xc7 ? extension(node.bytes.slice(2), pick) : undefined;
}

function integerOf(view: DataView, tag: number): bigint | undefined {
  if (tag < 0x80) return BigInt(tag);
  if (tag >= 0xe0) return BigInt(tag - 0x100);
  switch (tag) {
    case 0xcc:
      return BigInt(view.getUint8(1));
    case 0xcd:
      return BigInt(view.getUint16(1));
    case 0xce:
      return BigInt(view.getUint32(1));
    case 0xcf:
      return view.getBigUint64(1);
    case 0xd0:
      return BigInt(view.getInt8(1));
    case 0xd1:
      return BigInt(view.getInt16(1));
    case 0xd2:
      return BigInt(view.getInt32(1));
    case 0xd3:
      return view.getBigInt64(1);
    default:
      return undefined;
  }
}

function integerForms(value: bigint): MsgpackNode[] {
  const unsigned = [1, 2, 4, 8].flatMap((size, index) =>
    value >= 0n && value < 2n ** BigInt(8 * size) ? [leaf(0xcc + index, ...bigEndian(value, size))] : [],
  );
  const signed = [1, 2, 4, 8].flatMap((size, index) => {
    const half = 2n ** BigInt(8 * size - 1);
    return value >= -half && value < half ? [leaf(0xd0 + index, ...bigEndian(value, size))] : [];
  });
  return [...unsigned, ...signed, ...doubleForms(Number(value))];
}

/** A number as double, single, and as integer where it is one. */
function doubleForms(value: number): MsgpackNode[] {
  const double = Buffer.alloc(9, 0xcb);
  double.writeDoubleBE(value, 1);
  const single = Buffer.alloc(5, 0xca);
  single.writeFloatBE(value, 1);
  const integral = Number.isInteger(value) && Math.abs(value) < 2 ** 63;
  return [
    leaf(...double),
    leaf(...single),
    ...(integral ? [leaf(0xd3, ...bigEndian(BigInt(value), 8))] : []),
    ...(integral && value >= 0 ? [leaf(0xcf, ...bigEndian(BigInt(value), 8))] : []),
  ];
}

function prefixed(tag8: number, content: Uint8Array, pick: number): MsgpackNode {
  const index = content.length > 0xff ? 1 + (pick % 2) : pick % 3;
  return leaf(tag8 + index, ...bigEndian(BigInt(content.length), 2 ** index), ...content);
}

/** Any head of an extension: `content` begins with its type. */
function extension(content: Uint8Array, pick: number): MsgpackNode {
  const index = pick % 3;
  return leaf(0xc7 + index, ...bigEndian(BigInt(content.length - 1), 2 ** index), ...content);
}

const CLAIMS = [0, 1, 2, 15, 16, 255, 0xffff, 0x1_0000, 0x7fff_ffff, 0xffff_ffff];

/** A count or length that is not the one of what follows. */
function liar(node: MsgpackNode, pick: number): MsgpackNode | undefined {
  if (node.kind !== "leaf") return { ...node, head: { width: 0, claims: pickOf(CLAIMS, pick) } };
  const tag = node.bytes[0] as number;
  const claim = bigEndian(BigInt(pickOf(CLAIMS, pick)), 4);
  if (tag >= 0xa0 && tag <= 0xbf) return leaf(0xdb, ...claim, ...node.bytes.slice(1));
  return tag === 0xc4 ? leaf(0xc6, ...claim, ...node.bytes.slice(2)) : undefined;
}

/** The tree with its `at`-th node among those that `edit` can change replaced. */
function edited(
  tree: MsgpackNode,
  at: number,
  edit: (node: MsgpackNode) => MsgpackNode | undefined,
): MsgpackNode | undefined {
  const count = counted(tree, edit);
  if (count === 0) return undefined;
  let left = at % count;
  const walk = (node: MsgpackNode): MsgpackNode => {
    const change = edit(node);
    if (change !== undefined) {
      if (left === 0) {
        left = -1;
        return change;
      }
      left -= 1;
    }
    if (left < 0 || node.kind === "leaf") return node;
    if (node.kind === "list") return { ...node, items: node.items.map(walk) };
    return { ...node, entries: node.entries.map(([key, value]) => [walk(key), walk(value)] as const) };
  };
  return walk(tree);
}

function counted(node: MsgpackNode, edit: (node: MsgpackNode) => MsgpackNode | undefined): number {
  const own = edit(node) === undefined ? 0 : 1;
  if (node.kind === "leaf") return own;
  const parts = node.kind === "list" ? node.items : node.entries.flat();
  return parts.reduce((sum, part) => sum + counted(part, edit), own);
}
