import { abstain } from "./abstain.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const REPLACEMENT = "\ufffd";

/** Bytes as the class that the readers know: their loads stay of one shape, and text comes out in one call. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The number of bytes from `start` to before `end` that are above 7f. */
export function highBytes(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at += 1) count += (bytes[at] as number) >>> 7;
  return count;
}

/** Text from bytes of which some are not ASCII; abstains when they are not UTF-8. */
export function utf8Text(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start, end);
  // What is not UTF-8 became U+FFFD; that character may as well be the text's own, which only a fatal decoder can tell.
  return text.includes(REPLACEMENT) ? fatalText(bytes.subarray(start, end)) : text;
}

function fatalText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return abstain();
  }
}

const SLOTS = 256;
const LONGEST = 32;

/**
 * Keys of maps that were read lately. The keys of one map recur from entry to entry, and a string that was a property
 * name before is one that the engine need not look up in its table of names again: half of the cost of a map.
 *
 * A slot holds one short string, so the memory is bounded.
 */
const recentKeys: string[] = Array.from<string>({ length: SLOTS }).fill("");

/** The part of `text` from `start` to before `end`, which will be a property's name. */
export function keyText(text: string, start: number, end: number): string {
  const length = end - start;
  if (length === 0 || length > LONGEST) return text.substring(start, end);
  const slot = (length * 31 + text.charCodeAt(start) * 7 + text.charCodeAt(end - 1)) % SLOTS;
  const recent = recentKeys[slot] as string;
  if (recent.length === length && text.startsWith(recent, start)) return recent;
  const key = asName(text.substring(start, end));
  recentKeys[slot] = key;
  return key;
}

/** The same string, but the one that the engine has in its table of names. */
function asName(text: string): string {
  return Object.keys({ [text]: true })[0] as string;
}
