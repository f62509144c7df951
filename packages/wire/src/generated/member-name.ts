import type { UnknownMembers } from "./unknown-members.ts";

/** The name of a member as the codecs have it in their payloads. */
export interface MemberName {
  readonly name: string;
  /** The name before it in name order; empty for the first. What lies between the two is a newer writer's. */
  readonly previous: string;
  readonly unknown: UnknownMembers;
  /** JSON: quotes and colon included. */
  readonly text: string;
  readonly json: Uint8Array;
  /** MessagePack: its head included. */
  readonly msgpack: Uint8Array;
  /** The first four bytes of `msgpack`; fewer when it has fewer, with zeros behind them. */
  readonly first: number;
  /** Where `first` has bytes. */
  readonly mask: number;
  /** The four bytes behind the first four, or the last four when there are fewer. */
  readonly second: number;
  /** The last four bytes. */
  readonly last: number;
}

const FIXSTR_BYTES = 31;

/** Prepares the name of a member, which is ASCII. */
export function memberName(name: string, previous: string, unknown: UnknownMembers): MemberName {
  const text = `"${name}":`;
  const msgpack = Uint8Array.from([...headOf(name.length), ...Buffer.from(name, "latin1")]);
  const { length } = msgpack;
  const short = length < 4;
  return {
    name,
    previous,
    unknown,
    text,
    json: new Uint8Array(Buffer.from(text, "latin1")),
    msgpack,
    first: wordAt(short ? Uint8Array.from([...msgpack, 0, 0]) : msgpack, 0),
    mask: short ? -1 << ((4 - length) * 8) : -1,
    second: short ? 0 : wordAt(msgpack, Math.min(4, length - 4)),
    last: short ? 0 : wordAt(msgpack, length - 4),
  };
}

/** Four bytes as a number, big-endian, with its sign. */
export function wordAt(bytes: Uint8Array, at: number): number {
  const upper = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16);
  return upper | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
}

function headOf(length: number): readonly number[] {
  if (length <= FIXSTR_BYTES) return [0xa0 | length];
  return length < 0x100 ? [0xd9, length] : [0xda, length >>> 8, length & 0xff];
}
