import { compareUtf8, compareUtf16 } from "../utf8.ts";
import { abstain } from "./abstain.ts";

const SLOTS = 64;

/** Longer lists of keys, and longer keys, are sorted anew: what is remembered stays small. */
const MOST_KEYS = 32;
const LONGEST_KEY = 64;

interface Sorted {
  /** The keys as a map had them. */
  readonly keys: readonly string[];
  readonly sorted: readonly string[];
}

/**
 * The keys of maps in one order. Maps of one program are mostly made in one place, so their keys come in the order of
 * before: what was sorted then is remembered.
 */
class MapKeys {
  readonly #order: (a: string, b: string) => number;
  readonly #recent: (Sorted | undefined)[] = Array.from({ length: SLOTS });

  constructor(order: (a: string, b: string) => number) {
    this.#order = order;
  }

  /** Abstains unless `map` is a plain object: a `Map` or an instance of a class would look empty. */
  of(map: object): readonly string[] {
    if (!isPlain(map)) return abstain();
    const keys = Object.keys(map);
    for (let index = 1; index < keys.length; index += 1) {
      if (this.#order(keys[index - 1] as string, keys[index] as string) > 0) return this.#sorted(keys);
    }
    return keys;
  }

  #sorted(keys: readonly string[]): readonly string[] {
    const { length } = keys;
    const slot = (length * 31 + (keys[0] as string).length * 7 + (keys[length - 1] as string).length) % SLOTS;
    const recent = this.#recent[slot];
    if (recent !== undefined && isSame(recent.keys, keys)) return recent.sorted;
    const sorted = keys.toSorted(this.#order);
    const small = length <= MOST_KEYS && keys.every((key) => key.length <= LONGEST_KEY);
    if (small) this.#recent[slot] = { keys, sorted };
    return sorted;
  }
}

/** In the order of their UTF-16 units, that of JSON. */
export const keysByUnits: MapKeys = new MapKeys(compareUtf16);

/** In the order of their UTF-8 bytes, that of MessagePack and Protobuf. */
export const keysByBytes: MapKeys = new MapKeys(compareUtf8);

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

function isPlain(map: unknown): boolean {
  if (typeof map !== "object" || map === null) return false;
  const prototype: unknown = Object.getPrototypeOf(map);
  // The last condition accepts objects of another realm.
  return prototype === null || (!Array.isArray(map) && Object.getPrototypeOf(prototype) === null);
}
