import { MIN_TIMESTAMP_MS } from "../timestamp.ts";
import { isWellFormed } from "../utf8.ts";
import { abstain } from "./abstain.ts";
import { splitSigned, splitUnsigned } from "./bits.ts";
import { dayOf, MS_PER_DAY } from "./civil-date.ts";
import type { EnumNames } from "./enum-names.ts";
import type { MemberName } from "./member-name.ts";
import { asBuffer, keyText, utf8Text } from "./payload-text.ts";
import type { UnknownMembers } from "./unknown-members.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_RECORD = 0x7b;
const CLOSE_RECORD = 0x7d;
const ZERO = 0x30;

/** Integers of up to this many digits are exact while they are put together; with one more they are checked after. */
const EXACT_DIGITS = 15;

/** The longest 64-bit integer, without its sign. */
const LONG_DIGITS = 20;

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
/** A number of any size, or a word; sticky, so that it is looked for in one place alone. */
const WORD = /(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)/y;
const PLAIN_NAME = /^[ !#-[\]-~]*$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f]/;

/**
 * JSON text while generated code reads it, member after member in the canonical order and without white space. The
 * names that may come next are known, so they are compared and never made into strings; nothing can come twice.
 */
export class JsonInput {
  #text = "";
  #at = 0;
  /** Some string holds an escape. */
  #escaped = false;
  /** Members of a newer writer were passed over that this schema has not given up. */
  passedOver = false;
  /** What stands before the next member of the current record: the brace, or a comma. */
  #separator = OPEN_RECORD;

  /** Begins a payload. */
  open(bytes: Uint8Array): void {
    const buffer = asBuffer(bytes);
    let seen = 0;
    let least = 0;
    let escaped = false;
    for (let at = 0; at < buffer.length; at += 1) {
      const byte = buffer[at] as number;
      seen |= byte;
      // Negative once a control character was seen.
      least |= byte - 0x20;
      if (byte === BACKSLASH) escaped = true;
    }
    if (least < 0) abstain();
    this.#begin(seen < 0x80 ? buffer.toString("latin1") : utf8Text(buffer, 0, buffer.length), escaped);
  }

  /** Begins a text, which must be well-formed. */
  openText(text: string): void {
    if (CONTROL.test(text)) abstain();
    this.#begin(text, text.includes("\\"));
  }

  #begin(text: string, escaped: boolean): void {
    this.#text = text;
    this.#at = 0;
    this.#escaped = escaped;
    this.passedOver = false;
  }

  /** Abstains when text is left. */
  end(): void {
    if (this.#at !== this.#text.length) abstain();
  }

  /** Lets go of the text. */
  close(): void {
    this.#text = "";
  }

  #is(unit: number): boolean {
    return this.#text.charCodeAt(this.#at) === unit;
  }

  #expect(unit: number): void {
    if (!this.#is(unit)) abstain();
    this.#at += 1;
  }

  /** Begins a record. Its brace stays before the first member, as commas do before the others. */
  enter(): void {
    if (!this.#is(OPEN_RECORD)) abstain();
    this.#separator = OPEN_RECORD;
  }

  /**
   * Ends a record. Members whose names come behind the message's last are a newer writer's and passed over; any other
   * that is left makes the reader abstain.
   */
  leave(unknown: UnknownMembers): void {
    let previous = unknown.lastName;
    for (let next = this.#nextName(); next !== undefined; next = this.#nextName()) {
      if (next <= previous) abstain();
      previous = next;
      this.#passOver(next, unknown);
    }
    if (this.#separator === OPEN_RECORD) this.#at += 1;
    this.#expect(CLOSE_RECORD);
    // What is around it has read the name of this record's member.
    this.#separator = COMMA;
  }

  /** Whether the member of this name comes next; passes over the name, and over members of a newer writer before it. */
  name(name: MemberName): boolean {
    const at = this.#at;
    const { text } = name;
    if (this.#text.charCodeAt(at) !== this.#separator) return false;
    if (!this.#text.startsWith(text, at + 1)) return this.#passOverTo(name);
    this.#separator = COMMA;
    this.#at = at + 1 + text.length;
    return true;
  }

  #passOverTo({ name, previous, unknown }: MemberName): boolean {
    let behind = previous;
    for (;;) {
      const at = this.#at;
      const next = this.#nextName();
      if (next === name) {
        this.#separator = COMMA;
        return true;
      }
      if (next === undefined || next > name) {
        this.#at = at;
        return false;
      }
      // The name of a member that was there before, or one that comes twice, or another order.
      if (next <= behind) abstain();
      behind = next;
      this.#passOver(next, unknown);
    }
  }

  /**
   * Reads the name of the next member and its colon; undefined at the end of the record.
   *
   * Abstains for names that are not plain ASCII: known ones are, and others have an order of their own.
   */
  #nextName(): string | undefined {
    const text = this.#text;
    const at = this.#at;
    if (text.charCodeAt(at) !== this.#separator || text.charCodeAt(at + 1) !== QUOTE) return undefined;
    const end = text.indexOf('"', at + 2);
    const name = text.substring(at + 2, end);
    if (end < 0 || !PLAIN_NAME.test(name)) return abstain();
    this.#at = end + 1;
    this.#expect(COLON);
    return name;
  }

  /** Passes over the value of a member that this message does not have. */
  #passOver(name: string, unknown: UnknownMembers): void {
    const isNull = this.#text.startsWith("null", this.#at);
    this.#skip(unknown.levels);
    this.#separator = COMMA;
    if (!isNull && !unknown.gaveUpName(name)) this.passedOver = true;
  }

  #skip(levels: number): void {
    const text = this.#text;
    switch (text.charCodeAt(this.#at)) {
      case QUOTE:
        this.string();
        return;
      case OPEN_LIST:
        return this.#skipList(levels);
      case OPEN_RECORD:
        return this.#skipRecord(levels);
      default: {
        WORD.lastIndex = this.#at;
        if (!WORD.test(text)) abstain();
        this.#at = WORD.lastIndex;
      }
    }
  }

  #skipList(levels: number): void {
    if (levels === 0) abstain();
    for (let more = this.list(); more; more = this.element()) this.#skip(levels - 1);
  }

  #skipRecord(levels: number): void {
    if (levels === 0) abstain();
    const names = new Set<string>();
    for (let more = this.map(); more; more = this.entry()) {
      const name = this.string();
      if (names.has(name)) abstain();
      names.add(name);
      this.#expect(COLON);
      this.#skip(levels - 1);
    }
  }

  /** Begins a list; whether it has an element. */
  list(): boolean {
    this.#expect(OPEN_LIST);
    if (!this.#is(CLOSE_LIST)) return true;
    this.#at += 1;
    return false;
  }

  /** Behind an element: whether another one follows. */
  element(): boolean {
    return this.#goesOn(CLOSE_LIST);
  }

  /** Begins a map; whether it has an entry. */
  map(): boolean {
    this.#expect(OPEN_RECORD);
    if (!this.#is(CLOSE_RECORD)) return true;
    this.#at += 1;
    return false;
  }

  /** Behind an entry: whether another one follows. */
  entry(): boolean {
    return this.#goesOn(CLOSE_RECORD);
  }

  #goesOn(close: number): boolean {
    if (this.#is(close)) {
      this.#at += 1;
      return false;
    }
    this.#expect(COMMA);
    return true;
  }

  /**
   * The key of a map behind the key `previous`.
   *
   * Abstains when they are not in canonical order: so no key comes twice.
   */
  keyAfter(previous: string | undefined): string {
    const start = this.#at + 1;
    const end = this.#closing();
    const key = this.#escaped ? this.#unescaped(start, end) : keyText(this.#text, start, end);
    this.#expect(COLON);
    return previous === undefined || previous < key ? key : abstain();
  }

  string(): string {
    const start = this.#at + 1;
    const end = this.#closing();
    return this.#escaped ? this.#unescaped(start, end) : this.#text.substring(start, end);
  }

  /** Passes over a string; where its closing quote stands. */
  #closing(): number {
    if (!this.#is(QUOTE)) return abstain();
    const end = this.#escaped ? this.#closingOfEscaped() : this.#text.indexOf('"', this.#at + 1);
    if (end < 0) return abstain();
    this.#at = end + 1;
    return end;
  }

  #closingOfEscaped(): number {
    const text = this.#text;
    for (let at = this.#at + 1; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit === QUOTE) return at;
      if (unit === BACKSLASH) at += 1;
    }
    return -1;
  }

  #unescaped(start: number, end: number): string {
    const raw = this.#text.substring(start, end);
    if (!raw.includes("\\")) return raw;
    const text = JSON.parse(`"${raw}"`) as string;
    return isWellFormed(text) ? text : abstain();
  }

  bytes(): Uint8Array {
    const text = this.string();
    if (text.length % 4 !== 0 || !BASE64.test(text)) return abstain();
    return new Uint8Array(Buffer.from(text, "base64"));
  }

  bool(): boolean {
    const value = this.#text.startsWith("true", this.#at);
    if (!value && !this.#text.startsWith("false", this.#at)) return abstain();
    this.#at += value ? 4 : 5;
    return value;
  }

  double(): number {
    const start = this.#at;
    let end = start;
    while (isPartOfNumber(this.#text.charCodeAt(end))) end += 1;
    const text = this.#text.substring(start, end);
    const value = NUMBER.test(text) ? Number(text) : Number.NaN;
    this.#at = end;
    return Number.isFinite(value) ? value + 0 : abstain();
  }

  /** An integer of plain digits within +-(2^53-1). What else JSON writes for integers is the interpreter's. */
  safeInt64(): number {
    const negative = this.#is(MINUS);
    if (negative) this.#at += 1;
    const start = this.#at;
    let at = start;
    let value = 0;
    for (;;) {
      const digit = this.#text.charCodeAt(at) - ZERO;
      // Written so that the end of the text, NaN, ends it too.
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      at += 1;
    }
    const digits = at - start;
    const leadingZero = this.#is(ZERO) && digits > 1;
    if (digits === 0 || digits > EXACT_DIGITS + 1 || leadingZero || value > Number.MAX_SAFE_INTEGER) return abstain();
    this.#at = at;
    return negative ? -value + 0 : value;
  }

  /** uint64 with JS_NUMBER. */
  safeUint64(): number {
    const value = this.safeInt64();
    return value >= 0 ? value : abstain();
  }

  /** int32 and sint32. */
  int32(): number {
    const value = this.safeInt64();
    return (value | 0) === value ? value : abstain();
  }

  uint32(): number {
    const value = this.safeInt64();
    return value >>> 0 === value ? value : abstain();
  }

  /** int64 and sint64: a string of plain digits. */
  int64(): bigint {
    const value = this.#long();
    return splitSigned(value) ? value : abstain();
  }

  uint64(): bigint {
    const value = this.#long();
    return splitUnsigned(value) ? value : abstain();
  }

  #long(): bigint {
    const start = this.#at + 1;
    const end = this.#closing();
    const length = end - start;
    if (length > LONG_DIGITS) return abstain();
    if (length > EXACT_DIGITS) return this.#longOf(this.#text.substring(start, end));
    this.#at = start;
    const value = this.safeInt64();
    this.#expect(QUOTE);
    return BigInt(value);
  }

  #longOf(text: string): bigint {
    return /^-?[1-9][0-9]*$/.test(text) ? BigInt(text) : abstain();
  }

  enum(names: EnumNames): number {
    return this.#is(QUOTE) ? (names.number(this.string()) ?? abstain()) : this.int32();
  }

  /** Epoch ms of RFC 3339 in UTC with three digits of a second or none. */
  timestamp(): number {
    this.#expect(QUOTE);
    const year = this.#digits(4, 0x2d);
    const month = this.#digits(2, 0x2d);
    const day = dayOf(year, month, this.#digits(2, 0x54)) ?? abstain();
    const hour = this.#digits(2, COLON);
    const minute = this.#digits(2, COLON);
    const fractional = this.#text.charCodeAt(this.#at + 2) === 0x2e;
    const second = this.#digits(2, fractional ? 0x2e : 0x5a);
    const ms = fractional ? this.#digits(3, 0x5a) : 0;
    this.#expect(QUOTE);
    if (hour > 23 || minute > 59 || second > 59) return abstain();
    const value = day * MS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
    return value >= MIN_TIMESTAMP_MS ? value : abstain();
  }

  /** A number of exactly `width` digits and what stands behind it. */
  #digits(width: number, behind: number): number {
    let value = 0;
    for (let index = 0; index < width; index += 1) {
      const digit = this.#text.charCodeAt(this.#at + index) - ZERO;
      if (!(digit >= 0 && digit <= 9)) return abstain();
      value = value * 10 + digit;
    }
    this.#at += width;
    this.#expect(behind);
    return value;
  }
}

/** Digits, signs, the point and the exponent's letter. */
function isPartOfNumber(unit: number): boolean {
  return (unit >= ZERO && unit <= 0x39) || unit === MINUS || unit === 0x2b || unit === 0x2e || (unit | 0x20) === 0x65;
}
