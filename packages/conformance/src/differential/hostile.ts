import type { CodecName } from "@cachepact/wire";
import { join, unhex } from "./mutation.ts";
import { varint } from "./protobuf-tree.ts";

/** Bytes that are meant to hurt a reader. All are payloads of the golden contract's `all-types`. */
export interface Hostile {
  readonly name: string;
  readonly codec: CodecName;
  readonly bytes: Uint8Array;
}

const text = (json: string): Uint8Array => Buffer.from(json);

function named(name: string): Uint8Array {
  return Uint8Array.of(0xa0 + name.length, ...Buffer.from(name));
}

/** A MessagePack record with one member. */
function member(name: string, value: Uint8Array): Uint8Array {
  return join(Uint8Array.of(0x81), named(name), value);
}

const HEADS = {
  "a list of 2^32-1": "ddffffffff",
  "a list of 2^31-1": "dd7fffffff",
  "a list of 65,535": "dcffff",
  "a map of 2^32-1": "dfffffffff",
  "a map of 65,535": "deffff",
  "text of 2^32-1 bytes": "dbffffffff",
  "text of 2^31-1 bytes": "db7fffffff",
  "bytes of 2^32-1": "c6ffffffff",
  "bytes of 2^31-1": "c67fffffff",
  "an extension of 2^32-1 bytes": "c9ffffffffff",
  "a list of lists of 2^32-1": "ddffffffffddffffffffddffffffff",
};

/** Fields of all-types, and a name that it does not have. */
const MEMBERS = ["words", "parts", "labels", "named", "text", "data", "chunks", "at", "zz"];

/** Tags of all-types: bytes, lists of every kind, maps, a message, a time; and a field that it does not have. */
const TAGS = [11, 12, 14, 16, 24, 26, 27, 28, 29, 32, 33, 40, 99];

const CLAIMS = [2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 35n, 2n ** 63n, 2n ** 64n - 1n];

/** A few bytes that announce gigabytes. */
export function smallClaims(): readonly Hostile[] {
  const msgpack = Object.entries(HEADS).flatMap(([what, head]) => [
    { name: `${what} as the root`, codec: "msgpack" as const, bytes: unhex(head) },
    ...MEMBERS.map((name) => ({
      name: `${what} as ${name}`,
      codec: "msgpack" as const,
      bytes: member(name, unhex(head)),
    })),
  ]);
  const protobuf = TAGS.flatMap((number) =>
    CLAIMS.map((claim) => ({
      name: `field ${number} of ${claim} bytes`,
      codec: "protobuf" as const,
      bytes: join(varint(BigInt(number * 8 + 2)), varint(claim), unhex("0801")),
    })),
  );
  const json = [
    "1e999999999",
    "-1e-999999999",
    `1${"0".repeat(40)}`,
    '"\\u0000\\u0000"',
    "[[[[[[[[",
    '{"":{"":{"":',
  ].flatMap((value) =>
    MEMBERS.map((name) => ({
      name: `${value} as ${name}`,
      codec: "json" as const,
      bytes: text(`{"${name}":${value}`),
    })),
  );
  return [...msgpack, ...protobuf, ...json];
}

function repeated(part: Uint8Array, size: number): Uint8Array {
  return new Uint8Array(Buffer.alloc(Math.floor(size / part.length) * part.length, part));
}

function list(name: string, element: string, size: number): Uint8Array {
  const parts = repeated(unhex(element), size);
  const count = parts.length / unhex(element).length;
  const head = Buffer.from([0xdd, 0, 0, 0, 0]);
  head.writeUInt32BE(count, 1);
  return member(name, join(head, parts));
}

/** Large input that costs a careless reader much more than its length: in time, in memory, or in depth. */
export function heavyLoads(size: number): readonly Hostile[] {
  const digits = "9".repeat(size);
  const json = {
    "brackets in an unknown member": `{"zz":${"[".repeat(size)}`,
    "braces in an unknown member": `{"zz":${'{"":'.repeat(size / 4)}`,
    "a number of many digits": `{"id":${digits}}`,
    "a fraction of many digits": `{"ratio":0.${digits}}`,
    "text of many digits for an int64": `{"large":"${digits}"}`,
    "text of many signs for a time": `{"at":"${"2".repeat(size)}"}`,
    "a time of many digits of a second": `{"at":"2023-11-14T22:13:20.${digits}Z"}`,
    "text of many signs for bytes": `{"data":"${"A".repeat(size)}!"}`,
    "padding without end": `{"data":"${"=".repeat(size)}"}`,
    "a string of escapes": `{"text":"${"\\u0041".repeat(size / 6)}"}`,
    "a string of escaped backslashes, not closed": `{"text":"${"\\\\".repeat(size / 2)}`,
    "white space": `${" ".repeat(size)}{}`,
    "many members": `{${Array.from({ length: size / 10 }, (_, at) => `"k${at}":0`).join(",")}}`,
    "many empty messages": `{"id":1,"parts":[${Array.from({ length: size / 16 }, () => '{"label":""}').join(",")}]}`,
    "an enum's name without end": `{"color":"${"A".repeat(size)}"}`,
  };
  const half = size / 2;
  const msgpack = {
    "lists in an unknown member": member("zz", repeated(Uint8Array.of(0x91), size)),
    "maps in an unknown member": member("zz", repeated(unhex("81a0"), size)),
    "many bools": list("answers", "c3", size),
    "many empty texts": list("words", "a0", size),
    "many empty messages": list("parts", "80", size),
    "many messages with a name": list("parts", "81a56c6162656ca0", size),
    "one key again and again": join(member("labels", unhex("df00010000")), repeated(unhex("a161a0"), size)),
    "nils in an unknown member": list("zz", "c0", size),
  };
  const protobuf = {
    "the same scalar again and again": repeated(unhex("1001"), size),
    "the same message again and again": repeated(unhex("82010408000801"), half),
    "the same time again and again": repeated(unhex("72020801"), size),
    "the same map key again and again": repeated(unhex("8a02050a01611200"), size),
    "many empty messages": repeated(unhex("820200"), size),
    "many bools": join(varint(27n * 8n + 2n), varint(BigInt(size)), repeated(unhex("01"), size)),
    "unknown fields": repeated(unhex("a20600"), size),
    "a varint without end": repeated(unhex("80"), size),
    "messages in messages": repeated(unhex("82017f"), size),
  };
  const all = (codec: CodecName, inputs: Readonly<Record<string, Uint8Array>>): Hostile[] =>
    Object.entries(inputs).map(([name, bytes]) => ({ name, codec, bytes }));
  return [
    ...Object.entries(json).map(([name, value]) => ({ name, codec: "json" as const, bytes: text(value) })),
    ...all("msgpack", msgpack),
    ...all("protobuf", protobuf),
  ];
}
