/**
 * JSON text as a tree that keeps the text of names, numbers and words, so that spelling can be changed.
 *
 * On purpose without a line of the codecs under test.
 */
export type JsonNode = JsonLeaf | JsonArray | JsonMembers;

export interface JsonLeaf {
  readonly kind: "leaf";
  readonly text: string;
}

export interface JsonArray {
  readonly kind: "array";
  readonly items: readonly JsonNode[];
}

export interface JsonMembers {
  readonly kind: "members";
  /** Names as they are written, with their quotes. */
  readonly members: readonly (readonly [name: string, value: JsonNode])[];
}

export function leaf(text: string): JsonLeaf {
  return { kind: "leaf", text };
}

/** Reads canonical text; undefined when it is something else. */
export function parseJsonTree(text: string): JsonNode | undefined {
  try {
    const reader = new TreeReader(text);
    const node = reader.node();
    return reader.at === text.length ? node : undefined;
  } catch {
    return undefined;
  }
}

const LEAF = /"(?:[^"\\]|\\.)*"|[^,\]}]+/y;

class TreeReader {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  node(): JsonNode {
    switch (this.#text[this.at]) {
      case "{": {
        const members: [string, JsonNode][] = [];
        this.#enclosed("}", () => {
          const name = this.#leaf();
          this.at += 1;
          members.push([name, this.node()]);
        });
        return { kind: "members", members };
      }
      case "[": {
        const items: JsonNode[] = [];
        this.#enclosed("]", () => items.push(this.node()));
        return { kind: "array", items };
      }
      default:
        return leaf(this.#leaf());
    }
  }

  #enclosed(close: string, one: () => void): void {
    this.at += 1;
    while (this.#text[this.at] !== close) {
      one();
      if (this.#text[this.at] === ",") this.at += 1;
      else if (this.#text[this.at] !== close) throw new Error("not canonical");
    }
    this.at += 1;
  }

  #leaf(): string {
    LEAF.lastIndex = this.at;
    const found = LEAF.exec(this.#text)?.[0];
    if (found === undefined) throw new Error("not canonical");
    this.at += found.length;
    return found;
  }
}

export function writeJsonTree(node: JsonNode): string {
  switch (node.kind) {
    case "leaf":
      return node.text;
    case "array":
      return `[${node.items.map(writeJsonTree).join(",")}]`;
    default:
      return `{${node.members.map(([name, value]) => `${name}:${writeJsonTree(value)}`).join(",")}}`;
  }
}
