import { MAX_DEPTH } from "../record.ts";
import { refuseDecode } from "../refusal.ts";
import { timestampFromParts } from "../timestamp.ts";
import { decodeUtf8Part } from "../utf8.ts";

/** The family of a value by its first byte. `ext` is any extension, `never` the unused byte c1. */
export type MsgpackKind = "nil" | "bool" | "integer" | "float" | "string" | "bytes" | "list" | "map" | "ext" | "never";

const TIMESTAMP_TYPE = 0xff;

/**
 * Reads MessagePack value by value, every width of every family.
 *
 * Nothing is allocated for a length before that many bytes are known to be there.
 */
export class MsgpackReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** Whether a member of a newer writer was passed over: for whoever reads records. */
  passedOver = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  end(): void {
    if (this.#at < this.#bytes.length) refuseDecode("E_TRAILING", "", "found bytes after the value");
  }

  /** The kind of the value that comes next. */
  peek(): MsgpackKind {
    const tag = this.#bytes[this.#at] ?? this.#truncated();
    if (tag < 0x80 || tag >= 0xe0) return "integer";
    if (tag < 0x90) return "map";
    if (tag < 0xa0) return "list";
    if (tag < 0xc0) return "string";
    return TAGGED[tag - 0xc0] as MsgpackKind;
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) this.#truncated();
    this.#at += length;
    return at;
  }

  #tag(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  /** An unsigned big-endian number of 1, 2 or 4 bytes. */
  #unsigned(width: 1 | 2 | 4): number {
    const at = this.#take(width);
    if (width === 1) return this.#bytes[at] as number;
    return width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  nil(): void {
    this.#at += 1;
  }

  bool(): boolean {
    return this.#tag() === 0xc3;
  }

  /** A bigint only where the format is 64 bits wide. */
  integer(): number | bigint {
    const tag = this.#tag();
    if (tag < 0x80) return tag;
    switch (tag) {
      case 0xcc:
        return this.#unsigned(1);
      case 0xcd:
        return this.#unsigned(2);
      case 0xce:
        return this.#unsigned(4);
      case 0xcf:
        return this.#view.getBigUint64(this.#take(8));
      case 0xd0:
        return this.#view.getInt8(this.#take(1));
      case 0xd1:
        return this.#view.getInt16(this.#take(2));
      case 0xd2:
        return this.#view.getInt32(this.#take(4));
      case 0xd3:
        return this.#view.getBigInt64(this.#take(8));
      default:
        return tag - 0x100;
    }
  }

  float(): number {
    return this.#tag() === 0xca ? this.#view.getFloat32(this.#take(4)) : this.#view.getFloat64(this.#take(8));
  }

  string(path: string): string {
    const at = this.#skipString();
    return decodeUtf8Part(this.#bytes, at, this.#at, path === "" ? undefined : path);
  }

  /** Passes over a string; where its bytes began. */
  #skipString(): number {
    const tag = this.#tag();
    return this.#take(tag < 0xc0 ? tag & 0x1f : this.#unsigned(tag === 0xd9 ? 1 : tag === 0xda ? 2 : 4));
  }

  /** A copy: the payload may lie in a socket's buffer that is used again. */
  bytes(): Uint8Array {
    const tag = this.#tag();
    const length = this.#unsigned(tag === 0xc4 ? 1 : tag === 0xc5 ? 2 : 4);
    const at = this.#take(length);
    return new Uint8Array(this.#bytes.subarray(at, at + length));
  }

  /** The number of elements. Each takes at least a byte, so a larger count than bytes left is a cut. */
  list(depth: number): number {
    const tag = this.#tag();
    return this.#count(tag < 0xa0 ? tag & 0x0f : this.#unsigned(tag === 0xdc ? 2 : 4), 1, depth);
  }

  /** The number of entries. */
  map(depth: number): number {
    const tag = this.#tag();
    return this.#count(tag < 0x90 ? tag & 0x0f : this.#unsigned(tag === 0xde ? 2 : 4), 2, depth);
  }

  #count(count: number, least: number, depth: number): number {
    if (depth > MAX_DEPTH) refuseDecode("E_DEPTH", "", `found more than ${MAX_DEPTH} levels`);
    if (count * least > this.#bytes.length - this.#at) this.#truncated();
    return count;
  }

  /** Epoch ms of the timestamp extension; E_TYPE for any other extension or size. */
  timestamp(path: string): number {
    const { type, at, length } = this.#ext();
    if (type !== TIMESTAMP_TYPE) return refuseDecode("E_TYPE", path, "found an extension that is no timestamp");
    const view = this.#view;
    const ms =
      length === 4
        ? timestampFromParts(view.getUint32(at), 0)
        : length === 8
          ? timestampFromParts((view.getUint32(at) % 4) * 2 ** 32 + view.getUint32(at + 4), view.getUint32(at) >>> 2)
          : length === 12
            ? timestampFromParts(Number(view.getBigInt64(at + 4)), view.getUint32(at))
            : refuseDecode("E_TYPE", path, "found a timestamp extension of another size than 4, 8 or 12");
    return ms ?? refuseDecode("E_RANGE", path, "found a time outside the years 1 to 9999");
  }

  #ext(): { type: number; at: number; length: number } {
    const tag = this.#tag();
    const fixed = tag >= 0xd4 && tag <= 0xd8;
    const length = fixed ? 2 ** (tag - 0xd4) : this.#unsigned(tag === 0xc7 ? 1 : tag === 0xc8 ? 2 : 4);
    const type = this.#tag();
    return { type, at: this.#take(length), length };
  }

  /**
   * Passes over a value of any kind: the member of a newer writer.
   *
   * Checks lengths, depth, c1 and extensions; not UTF-8, not names that occur twice.
   */
  skip(depth: number): void {
    switch (this.peek()) {
      case "nil":
      case "bool":
        this.#at += 1;
        return;
      case "integer":
        this.integer();
        return;
      case "float":
        this.float();
        return;
      case "string":
        this.#skipString();
        return;
      case "bytes":
        this.#skipBytes();
        return;
      case "list":
        for (let left = this.list(depth); left > 0; left -= 1) this.skip(depth + 1);
        return;
      case "map":
        for (let left = this.map(depth) * 2; left > 0; left -= 1) this.skip(depth + 1);
        return;
      default:
        this.#skipExt();
    }
  }

  #skipBytes(): void {
    const tag = this.#tag();
    this.#take(this.#unsigned(tag === 0xc4 ? 1 : tag === 0xc5 ? 2 : 4));
  }

  #skipExt(): void {
    if (this.peek() === "never") refuseDecode("E_TYPE", "", "found the byte c1, which MessagePack never uses");
    if (this.#ext().type !== TIMESTAMP_TYPE) refuseDecode("E_TYPE", "", "found an extension that is no timestamp");
  }

  #truncated(): never {
    return refuseDecode("E_TRUNCATED", "", "found the end of the bytes in a value");
  }
}

const TAGGED: readonly MsgpackKind[] = [
  "nil",
  "never",
  "bool",
  "bool",
  "bytes",
  "bytes",
  "bytes",
  "ext",
  "ext",
  "ext",
  "float",
  "float",
  "integer",
  "integer",
  "integer",
  "integer",
  "integer",
  "integer",
  "integer",
  "integer",
  "ext",
  "ext",
  "ext",
  "ext",
  "ext",
  "string",
  "string",
  "string",
  "list",
  "list",
  "map",
  "map",
];
