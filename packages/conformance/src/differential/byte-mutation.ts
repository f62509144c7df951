import { join, type Mutation, pickOf, unhex } from "./mutation.ts";

/** Changes that know nothing of a codec. */
export const BYTE_MUTATIONS = ["flip", "set", "cut", "drop", "insert", "repeat", "swap", "splice", "append"] as const;

export type ByteMutation = Mutation<(typeof BYTE_MUTATIONS)[number]>;

/** Bytes that mean much to some reader: heads, huge lengths, bad UTF-8, signs, ends. */
const TELLING = [
  "00",
  "01",
  "7f",
  "80",
  "ff",
  "c0",
  "c1",
  "c1ca09",
  "c1ca0a",
  "22",
  "5c",
  "7b",
  "7d",
  "5b",
  "2c",
  "0a",
  "efbbbf",
  "eda080",
  "c080",
  "f4908080",
  "e2 80",
  "ffffffff",
  "7fffffff",
  "80000000",
  "dfffffffff",
  "ddffffffff",
  "dbffffffff",
  "c6ffffffff",
  "c9ffffffffff",
  "ffffffffffffffffff01",
  "ffffffffffffffffffff01",
  "8080808080808080808000",
].map(unhex);

/** The bytes after one change. `other` is what splices take their part from. */
export function mutateBytes(bytes: Uint8Array, change: ByteMutation, other: Uint8Array): Uint8Array {
  const { length } = bytes;
  const at = change.at % (length + 1);
  const telling = pickOf(TELLING, change.pick);
  switch (change.how) {
    case "flip":
      return bytes.map((byte, index) => (index === at ? byte ^ (1 << (change.pick % 8)) : byte));
    case "set":
      return bytes.map((byte, index) => (index === at ? change.pick & 0xff : byte));
    case "cut":
      return bytes.slice(0, at);
    case "drop":
      return join(bytes.slice(0, at), bytes.slice(at + 1 + (change.pick % 8)));
    case "insert":
      return join(bytes.slice(0, at), telling, bytes.slice(at));
    case "repeat": {
      const end = at + 1 + (change.pick % 32);
      return join(bytes.slice(0, end), bytes.slice(at));
    }
    case "swap": {
      const size = 1 + (change.pick % 8);
      return join(
        bytes.slice(0, at),
        bytes.slice(at + size, at + 2 * size),
        bytes.slice(at, at + size),
        bytes.slice(at + 2 * size),
      );
    }
    case "splice":
      return join(bytes.slice(0, at), other.slice(change.pick % (other.length + 1)));
    default:
      return join(bytes, telling);
  }
}
