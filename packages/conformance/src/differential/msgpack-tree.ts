import { join } from "./mutation.ts";

/**
 * MessagePack as a tree whose heads can be written in any width, or lie.
 *
 * On purpose without a line of the codecs under test.
 */
export type MsgpackNode = MsgpackLeaf | MsgpackList | MsgpackMap;

/** A value without parts, as its bytes. */
export interface MsgpackLeaf {
  readonly kind: "leaf";
  readonly bytes: Uint8Array;
}

export interface MsgpackList {
  readonly kind: "list";
  readonly items: readonly MsgpackNode[];
  readonly head?: Head;
}

export interface MsgpackMap {
  readonly kind: "map";
  readonly entries: readonly (readonly [key: MsgpackNode, value: MsgpackNode])[];
  readonly head?: Head;
}

/** How a count is written; absent = in its shortest form. */
export interface Head {
  readonly width: 0 | 2 | 4;
  /** A count that is not that of the parts. */
  readonly claims?: number;
}

export function leaf(...bytes: readonly number[]): MsgpackLeaf {
  return { kind: "leaf", bytes: Uint8Array.from(bytes) };
}

/** Reads one canonical value; undefined when the bytes are something else. */
export function parseMsgpack(bytes: Uint8Array): MsgpackNode | undefined {
  try {
    const reader = new TreeReader(bytes);
    const node = reader.node();
    return reader.at === bytes.length ? node : undefined;
  } catch {
    return undefined;
  }
}

class TreeReader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  node(): MsgpackNode {
    const tag = this.#view.getUint8(this.at);
    if (tag >= 0x80 && tag <= 0x8f) return this.#map(1, tag & 0x0f);
    if (tag >= 0x90 && tag <= 0x9f) return this.#list(1, tag & 0x0f);
    if (tag === 0xdc) return this.#list(3, this.#view.getUint16(this.at + 1));
    if (tag === 0xdd) return this.#list(5, this.#view.getUint32(this.at + 1));
    if (tag === 0xde) return this.#map(3, this.#view.getUint16(this.at + 1));
    if (tag === 0xdf) return this.#map(5, this.#view.getUint32(this.at + 1));
    const size = this.#sizeOfLeaf(tag);
    if (this.at + size > this.#bytes.length) throw new Error("cut");
    const bytes = this.#bytes.slice(this.at, this.at + size);
    this.at += size;
    return { kind: "leaf", bytes };
  }

  #list(head: number, count: number): MsgpackNode {
    this.at += head;
    return { kind: "list", items: Array.from({ length: count }, () => this.node()) };
  }

  #map(head: number, count: number): MsgpackNode {
    this.at += head;
    return { kind: "map", entries: Array.from({ length: count }, () => [this.node(), this.node()] as const) };
  }

  #sizeOfLeaf(tag: number): number {
    if (tag < 0x80 || tag >= 0xe0) return 1;
    if (tag < 0xc0) return 1 + (tag & 0x1f);
    const fixed = FIXED_SIZES[tag];
    if (fixed !== undefined) return fixed;
    const [width, extra] = VARIABLE_SIZES[tag] as readonly [1 | 2 | 4, number];
    const length =
      width === 1
        ? this.#view.getUint8(this.at + 1)
        : width === 2
          ? this.#view.getUint16(this.at + 1)
          : this.#view.getUint32(this.at + 1);
    return 1 + width + extra + length;
  }
}

const FIXED_SIZES: Readonly<Record<number, number>> = {
  0xc0: 1,
  0xc2: 1,
  0xc3: 1,
  0xca: 5,
  0xcb: 9,
  0xcc: 2,
  0xcd: 3,
  0xce: 5,
  0xcf: 9,
  0xd0: 2,
  0xd1: 3,
  0xd2: 5,
  0xd3: 9,
  0xd4: 3,
  0xd5: 4,
  0xd6: 6,
  0xd7: 10,
  0xd8: 18,
};

const VARIABLE_SIZES: Readonly<Record<number, readonly [width: 1 | 2 | 4, extra: number]>> = {
  0xc4: [1, 0],
  0xc5: [2, 0],
  0xc6: [4, 0],
  0xc7: [1, 1],
  0xc8: [2, 1],
  0xc9: [4, 1],
  0xd9: [1, 0],
  0xda: [2, 0],
  0xdb: [4, 0],
};

/** The bytes of a tree. */
export function writeMsgpack(node: MsgpackNode): Uint8Array {
  switch (node.kind) {
    case "leaf":
      return node.bytes;
    case "list":
      return join(writeHead(node.items.length, node.head, 0x90, 0xdc), ...node.items.map(writeMsgpack));
    default: {
      const parts = node.entries.flatMap(([key, value]) => [writeMsgpack(key), writeMsgpack(value)]);
      return join(writeHead(node.entries.length, node.head, 0x80, 0xde), ...parts);
    }
  }
}

function writeHead(count: number, head: Head | undefined, fix: number, tag16: number): Uint8Array {
  const claimed = head?.claims ?? count;
  const shortest = claimed < 16 ? 0 : claimed < 0x1_0000 ? 2 : 4;
  const width = Math.max(head?.width ?? 0, shortest);
  if (width === 0) return Uint8Array.of(fix | claimed);
  return Uint8Array.of(width === 2 ? tag16 : tag16 + 1, ...bigEndian(BigInt(claimed), width));
}

/** The lowest `size` bytes of an integer, two's complement. */
export function bigEndian(value: bigint, size: number): number[] {
  return Array.from({ length: size }, (_, at) => Number((value >> BigInt(8 * (size - 1 - at))) & 0xffn));
}
