import { CachepactError } from "./errors.ts";

const encoder = new TextEncoder();
// `ignoreBOM` keeps a leading U+FEFF as the data that it is; without it one value would have two byte strings.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Node has the method since 20; the type library of ES2023 does not know it yet.
interface WellFormed {
  isWellFormed(): boolean;
}

/** Whether `text` has a UTF-8 form, that is: holds no half of a surrogate pair. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as WellFormed).isWellFormed();
}

/** The UTF-8 bytes of a well-formed string. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Writes a well-formed string at `at`, where `length` bytes are free, its exact UTF-8 length. */
export function writeUtf8(text: string, target: Uint8Array, at: number, length: number): void {
  if (length !== text.length || length > 64) {
    encoder.encodeInto(text, target.subarray(at, at + length));
    return;
  }
  // Short ASCII, the common case: cheaper than the call into the encoder.
  for (let index = 0; index < length; index += 1) target[at + index] = text.charCodeAt(index);
}

/**
 * Text from bytes that must be UTF-8.
 *
 * @throws {CachepactError} E_UTF8 on invalid, overlong or surrogate sequences; nothing is ever repaired.
 */
export function decodeUtf8(bytes: Uint8Array, field?: string): string {
  return decodeUtf8Part(bytes, 0, bytes.length, field);
}

/** The same for the part of `bytes` from `start` to before `end`, without a view of it where the text is short. */
export function decodeUtf8Part(bytes: Uint8Array, start: number, end: number, field?: string): string {
  if (end - start <= 24) {
    const short = decodeShortAscii(bytes, start, end);
    if (short !== undefined) return short;
  }
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch (cause) {
    const where = field === undefined ? "text" : `field ${field}`;
    throw new CachepactError(
      "E_UTF8",
      `decode ${where}: found bytes that are not UTF-8; find the writer of the entry`,
      {
        cause,
        field,
      },
    );
  }
}

function decodeShortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Bytes that the UTF-8 form of a well-formed string takes. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // A pair takes four bytes: two units, two more.
    if (unit >= 0xd800 && unit < 0xdc00) index += 1;
    length += unit < 0x800 ? 1 : 2;
  }
  return length;
}

// Puts surrogates above U+E000..FFFF, where their code points are; units below keep their order.
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** Orders well-formed strings by their UTF-8 bytes, which is the order of code points and not that of `<`. */
export function compareUtf8(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Orders strings by UTF-16 code units, the order of RFC 8785. */
export function compareUtf16(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
