import type { Payload } from "../codec.ts";
import { MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS } from "../timestamp.ts";
import { isWellFormed } from "../utf8.ts";
import { abstain } from "./abstain.ts";
import { splitSigned, splitUnsigned } from "./bits.ts";
import { civilOf, MS_PER_DAY } from "./civil-date.ts";
import type { EnumNames } from "./enum-names.ts";
import { keysByUnits } from "./map-keys.ts";
import type { MemberName } from "./member-name.ts";
import { PayloadOutput } from "./payload-output.ts";
import { asBuffer } from "./payload-text.ts";
import { elements } from "./plain-value.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** What JSON escapes. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const ESCAPED = /["\\\u0000-\u001f]/;

const SHORT = 40;

/**
 * Canonical JSON while generated code writes it, as bytes. Each method takes the member's name; null =
 * none, for elements.
 *
 * A comma follows each value; whoever closes what is around it takes the last one away.
 */
export class JsonOutput extends PayloadOutput {
  override finish(): Payload {
    this.at -= 1;
    return super.finish();
  }

  /** What was written, as text. */
  finishText(): string {
    return this.buffer.toString(this.ascii ? "latin1" : "utf8", this.start, this.at - 1);
  }

  #ascii(text: string): void {
    const { length } = text;
    const { at } = this;
    if (at + length > this.buffer.length) this.grow(length);
    const { buffer } = this;
    for (let index = 0; index < length; index += 1) buffer[at + index] = text.charCodeAt(index);
    this.at = at + length;
  }

  openRecord(name: MemberName | null): void {
    if (name !== null) this.put(name.json);
    this.#ascii("{");
  }

  /** Begins a map; gives its keys in their order. */
  openMap(name: MemberName | null, map: object): readonly string[] {
    this.openRecord(name);
    return keysByUnits.of(map);
  }

  /** Ends a record or a map. */
  closeRecord(): void {
    this.#close("},");
  }

  /** Begins a list; gives its elements. */
  openList<Element>(name: MemberName | null, list: readonly Element[]): readonly Element[] {
    if (name !== null) this.put(name.json);
    this.#ascii("[");
    return elements(list);
  }

  closeList(): void {
    this.#close("],");
  }

  #close(text: string): void {
    if (this.buffer[this.at - 1] === COMMA) this.at -= 1;
    this.#ascii(text);
  }

  /** The key of a map's entry. */
  key(key: string): void {
    this.string(null, key);
    this.buffer[this.at - 1] = COLON;
  }

  string(name: MemberName | null, value: unknown): void {
    if (typeof value !== "string") return abstain();
    if (name !== null) this.put(name.json);
    const { length } = value;
    if (length <= SHORT ? !this.#plain(value) : ESCAPED.test(value)) this.#escaped(value);
    else if (length > SHORT) this.#quoted(value);
  }

  /** Writes a string whose units all stand for themselves in ASCII; false when it has others. */
  #plain(text: string): boolean {
    const { length } = text;
    if (this.at + length + 3 > this.buffer.length) this.grow(length + 3);
    const { buffer } = this;
    let { at } = this;
    buffer[at] = QUOTE;
    at += 1;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit < 0x20 || unit >= 0x80 || unit === QUOTE || unit === BACKSLASH) return false;
      buffer[at] = unit;
      at += 1;
    }
    buffer[at] = QUOTE;
    buffer[at + 1] = COMMA;
    this.at = at + 2;
    return true;
  }

  #quoted(text: string): void {
    const room = text.length * 3 + 3;
    if (this.at + room > this.buffer.length) this.grow(room);
    const start = this.at + 1;
    const end = start + this.utf8(text, start);
    this.buffer[start - 1] = QUOTE;
    this.buffer[end] = QUOTE;
    this.buffer[end + 1] = COMMA;
    this.at = end + 2;
  }

  #escaped(text: string): void {
    // JSON.stringify would write half of a surrogate pair as an escape.
    if (!isWellFormed(text)) return abstain();
    const quoted = JSON.stringify(text);
    this.#quoted(quoted.slice(1, -1));
  }

  bytes(name: MemberName | null, value: unknown): void {
    if (!(value instanceof Uint8Array)) return abstain();
    if (name !== null) this.put(name.json);
    this.#quoted(asBuffer(value).toString("base64"));
  }

  bool(name: MemberName | null, value: unknown): void {
    if (typeof value !== "boolean") return abstain();
    if (name !== null) this.put(name.json);
    this.#ascii(value ? "true," : "false,");
  }

  double(name: MemberName | null, value: unknown): void {
    if (typeof value !== "number" || !Number.isFinite(value)) return abstain();
    this.#number(name, value);
  }

  /** ECMAScript's Number::toString is what RFC 8785 prescribes; -0 is "0" in it. */
  #number(name: MemberName | null, value: number): void {
    if (name !== null) this.put(name.json);
    this.#ascii(String(value));
    this.#ascii(",");
  }

  /** int32 and sint32. */
  int32(name: MemberName | null, value: unknown): void {
    if (typeof value !== "number" || (value | 0) !== value) return abstain();
    this.#number(name, value);
  }

  uint32(name: MemberName | null, value: unknown): void {
    if (typeof value !== "number" || value >>> 0 !== value) return abstain();
    this.#number(name, value);
  }

  /** int64 and sint64. */
  int64(name: MemberName | null, value: unknown): void {
    if (typeof value !== "bigint" || !splitSigned(value)) return abstain();
    this.#long(name, value);
  }

  uint64(name: MemberName | null, value: unknown): void {
    if (typeof value !== "bigint" || !splitUnsigned(value)) return abstain();
    this.#long(name, value);
  }

  #long(name: MemberName | null, value: bigint): void {
    if (name !== null) this.put(name.json);
    this.#ascii(`"${value}",`);
  }

  /** int64 and sint64 with JS_NUMBER. */
  safeInt64(name: MemberName | null, value: unknown): void {
    if (!Number.isSafeInteger(value)) return abstain();
    this.#number(name, value as number);
  }

  /** uint64 with JS_NUMBER. */
  safeUint64(name: MemberName | null, value: unknown): void {
    if (!Number.isSafeInteger(value) || (value as number) < 0) return abstain();
    this.#number(name, value as number);
  }

  enum(name: MemberName | null, value: unknown, names: EnumNames): void {
    if (typeof value !== "number" || (value | 0) !== value) return abstain();
    if (name !== null) this.put(name.json);
    this.#ascii(names.text(value + 0));
    this.#ascii(",");
  }

  /** Epoch ms as RFC 3339 in UTC, with three digits of a second or none. */
  timestamp(name: MemberName | null, value: unknown): void {
    if (typeof value !== "number") return abstain();
    const ms = Math.floor(value);
    if (!(ms >= MIN_TIMESTAMP_MS && ms <= MAX_TIMESTAMP_MS)) return abstain();
    if (name !== null) this.put(name.json);
    const day = Math.floor(ms / MS_PER_DAY);
    const rest = ms - day * MS_PER_DAY;
    const { year, month, dayOfMonth } = civilOf(day);
    const second = Math.floor(rest / 1000);
    this.#ascii('"');
    this.#digits(year, 4, "-");
    this.#digits(month, 2, "-");
    this.#digits(dayOfMonth, 2, "T");
    this.#digits(Math.floor(second / 3600), 2, ":");
    this.#digits(Math.floor(second / 60) % 60, 2, ":");
    this.#digits(second % 60, 2, rest % 1000 === 0 ? "Z" : ".");
    if (rest % 1000 !== 0) this.#digits(rest % 1000, 3, "Z");
    this.#ascii('",');
  }

  #digits(value: number, width: number, behind: string): void {
    this.#ascii(behind.padStart(width + 1, "0"));
    let rest = value;
    for (let at = this.at - 2; rest > 0; at -= 1) {
      this.buffer[at] = 0x30 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}
