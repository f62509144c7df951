import { MAX_DEPTH } from "../record.ts";
import { refuseDecode } from "../refusal.ts";
import { isWellFormed } from "../utf8.ts";

/** A number by its text: only the schema knows whether it may become a double. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** JSON text as a tree. An object is a Map, so that no name means anything but itself. */
export type JsonTree = null | boolean | string | JsonNumber | readonly JsonTree[] | JsonObject;

export type JsonObject = ReadonlyMap<string, JsonTree>;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

const HEX4 = /^[0-9a-fA-F]{4}$/;
const SOME_HEX = /^[0-9a-fA-F]{0,3}$/;

/**
 * Parses RFC 8259 text.
 *
 * JSON.parse would hide what a contract must see: a name that occurs twice, digits beyond 2^53, the depth, and whether
 * text is cut short or wrong.
 * @throws {CachepactError} E_SYNTAX, E_TRUNCATED, E_TRAILING, E_DUP, E_DEPTH, E_SURROGATE
 */
export function parseJson(text: string): JsonTree {
  const parser = new JsonParser(text);
  const tree = parser.value(1);
  parser.end();
  return tree;
}

class JsonParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonTree {
    this.#space();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) refuseDecode("E_TRAILING", "", "found text after the value");
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, JsonTree>();
    this.#enclosed("}", depth, () => {
      if (this.#text[this.#at] !== '"') this.#fail();
      const name = this.#string();
      if (members.has(name)) refuseDecode("E_DUP", "", "found one name twice in an object");
      this.#space();
      if (this.#text[this.#at] !== ":") this.#fail();
      this.#at += 1;
      members.set(name, this.value(depth + 1));
    });
    return members;
  }

  #array(depth: number): readonly JsonTree[] {
    const elements: JsonTree[] = [];
    this.#enclosed("]", depth, () => elements.push(this.value(depth + 1)));
    return elements;
  }

  #enclosed(close: "}" | "]", depth: number, one: () => void): void {
    if (depth > MAX_DEPTH) refuseDecode("E_DEPTH", "", `found more than ${MAX_DEPTH} levels`);
    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] !== close) {
      for (;;) {
        this.#space();
        one();
        this.#space();
        if (this.#text[this.#at] === close) break;
        if (this.#text[this.#at] !== ",") this.#fail();
        this.#at += 1;
      }
    }
    this.#at += 1;
  }

  #string(): string {
    this.#at += 1;
    let text = "";
    let escaped = false;
    for (;;) {
      text += this.#plain();
      const next = this.#text[this.#at];
      if (next === '"') break;
      if (next !== "\\") this.#fail();
      this.#at += 1;
      escaped = true;
      text += this.#escape();
    }
    this.#at += 1;
    if (escaped && !isWellFormed(text)) refuseDecode("E_SURROGATE", "", "found an escape for half of a surrogate pair");
    return text;
  }

  /** The characters up to a quote, a backslash or what no string may hold. */
  #plain(): string {
    const start = this.#at;
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      // Not `unit < 0x20`: past the end it is NaN.
      if (unit === 0x22 || unit === 0x5c || !(unit >= 0x20)) return this.#text.slice(start, this.#at);
      this.#at += 1;
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at] ?? this.#fail();
    if (letter !== "u") {
      if (!Object.hasOwn(ESCAPES, letter)) this.#fail();
      this.#at += 1;
      return ESCAPES[letter] as string;
    }
    const digits = this.#text.slice(this.#at + 1, this.#at + 5);
    if (!HEX4.test(digits)) this.#failAt(SOME_HEX.test(digits) ? this.#text.length : this.#at);
    this.#at += 5;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #number(): JsonNumber {
    const start = this.#at;
    if (this.#text[this.#at] === "-") this.#at += 1;
    if (this.#text[this.#at] === "0") this.#at += 1;
    else this.#digits();
    if (this.#text[this.#at] === ".") {
      this.#at += 1;
      this.#digits();
    }
    if (this.#text[this.#at] === "e" || this.#text[this.#at] === "E") {
      this.#at += 1;
      if (this.#text[this.#at] === "+" || this.#text[this.#at] === "-") this.#at += 1;
      this.#digits();
    }
    return new JsonNumber(this.#text.slice(start, this.#at));
  }

  #digits(): void {
    const start = this.#at;
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (!(unit >= 0x30 && unit <= 0x39)) break;
      this.#at += 1;
    }
    if (this.#at === start) this.#fail();
  }

  #word<Value extends boolean | null>(word: string, value: Value): Value {
    const found = this.#text.slice(this.#at, this.#at + word.length);
    if (found !== word) this.#failAt(word.startsWith(found) ? this.#text.length : this.#at);
    this.#at += word.length;
    return value;
  }

  #space(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at += 1;
    }
  }

  #failAt(at: number): never {
    this.#at = at;
    return this.#fail();
  }

  /** What is wrong is either that the text ends here, or that it goes on with something else. */
  #fail(): never {
    if (this.#at >= this.#text.length) return refuseDecode("E_TRUNCATED", "", "found the end of the text in a value");
    return refuseDecode("E_SYNTAX", "", "found text that is not JSON");
  }
}
