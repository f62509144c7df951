import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { type Entity, type EntityRecord, encodeEntry, encodeFrame, fingerprintOf } from "@cachepact/wire";

/** Bytes that somebody put under the key of an entry, or a record of another type. */
export interface Hostile {
  readonly name: string;
  readonly put: Buffer | "list" | "hash" | "set" | "zset" | "stream";
  /** The code that counting it must have; absent = the languages must agree, whatever they say. */
  readonly code?: string;
}

/** Codec ids as a frame holds them. */
const CODECS = { json: 1, msgpack: 2, protobuf: 3 } as const;
export type CodecName = keyof typeof CODECS;

const KIB = 1024;
const HALF_MIB = 512 * KIB;

/** A payload in a frame of the entity's own schema, as one of its writers would have framed it. */
export function framed(record: EntityRecord, codec: CodecName, payload: Uint8Array): Buffer {
  const header = { codec: CODECS[codec], fingerprint: fingerprintOf(record), version: record.log === null ? 0 : 1 };
  return Buffer.from(encodeFrame(header, payload));
}

/** What does not depend on any entity: things that lie about in Redis, and things that are meant to harm. */
export function foreignBytes(): readonly Hostile[] {
  const all: Record<string, Buffer> = {
    empty: Buffer.alloc(0),
    "one byte": Buffer.from([0xc1]),
    "half a magic": Buffer.from([0xc1, 0xca]),
    "a magic": Buffer.from([0xc1, 0xca, 0x09]),
    "a newer frame version": Buffer.concat([Buffer.from("c1ca0a08020000000000000000000000", "hex"), Buffer.alloc(64)]),
    "an older frame version": Buffer.concat([Buffer.from("c1ca0808020000000000000000000000", "hex"), Buffer.alloc(64)]),
    "512 KiB of noise": noise(HALF_MIB),
    "512 KiB of zeros": Buffer.alloc(HALF_MIB),
    "512 KiB of [": Buffer.alloc(HALF_MIB, "["),
    "512 KiB of spaces": Buffer.alloc(HALF_MIB, " "),
    "512 KiB of digits": Buffer.alloc(HALF_MIB, "9"),
    "objects in objects": Buffer.from('{"a":'.repeat(50_000)),
    "a string without end": Buffer.concat([Buffer.from('{"id":"'), Buffer.alloc(HALF_MIB, "x")]),
    "an escape bomb": Buffer.from(`{"id":"${"\\u0041".repeat(50_000)}"`),
    "a number that is too large for anybody": Buffer.from(`{"id":1e${"9".repeat(1_000)}}`),
    "a number of many digits": Buffer.from(`{"id":${"1".repeat(5_000)}}`),
    NaN: Buffer.from('{"id":NaN}'),
    "a byte order mark": Buffer.from("\ufeff{}"),
    "UTF-16": Buffer.from('{"id":1}', "utf16le"),
    "only a prototype": Buffer.from('{"__proto__":{"polluted":true}}'),
    "a constructor's prototype": Buffer.from('{"constructor":{"prototype":{"polluted":true}}}'),
    JavaScript: Buffer.from("globalThis.polluted = true; process.exit(1)"),
    "a function that revives": Buffer.from(
      '{"$function":"process.exit(1)","_bsontype":"Code","code":"process.exit(1)"}',
    ),
    "pickle, protocol 0": Buffer.from("cos\n_exit\n(I1\ntR."),
    "pickle, protocol 4": Buffer.from(
      "80049518000000000000008c026f73948c055f6578697494934b018594525294".replaceAll(" ", ""),
      "hex",
    ),
    YAML: Buffer.from("!!python/object/apply:os._exit [1]"),
    PHP: Buffer.from('O:8:"stdClass":1:{s:1:"a";i:1;}'),
    Java: Buffer.from("aced00057372001168", "hex"),
    "Ruby Marshal": Buffer.from("04087b063a0a69640669", "hex"),
    BSON: Buffer.from("160000000269640006000000776f726c640000", "hex"),
    CBOR: Buffer.from("a1626964182a", "hex"),
    XML: Buffer.from('<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]><a>&b;</a>'),
    "msgpackr with records": Buffer.from("d4724093a26964a46e616d65a76372656174656401a3416461c0", "hex"),
    "gzip of 64 MiB": gzipSync(Buffer.alloc(64 * KIB * KIB)),
    zlib: deflateSync(Buffer.from('{"id":1}')),
    zstd: Buffer.from("28b52ffd200859000068656c6c6f", "hex"),
    Avro: Buffer.from("c3010102030405060708", "hex"),
    "a Redis reply": Buffer.from("$-1\r\n*2\r\n$3\r\nDEL\r\n$1\r\nx\r\n"),
    HTML: Buffer.from("<html><body>502 Bad Gateway</body></html>"),
  };
  const bytes = Object.entries(all).map(([name, put]) => ({ name, put }));
  const types = (["list", "hash", "set", "zset", "stream"] as const).map((put) => ({ name: `a ${put}`, put }));
  return [...bytes, ...types];
}

/** Frames of an entity's own schema that lie: about lengths, counts, depth, names, codec, flags. */
export function lyingFrames(record: EntityRecord): readonly Hostile[] {
  const own = (codec: CodecName, name: string, payload: Buffer): Hostile => ({
    name: `${codec}: ${name}`,
    put: framed(record, codec, payload),
  });
  const whole = framed(record, "json", Buffer.from("{}"));
  const header = (name: string, change: (bytes: Buffer) => void): Hostile => {
    const bytes = Buffer.from(whole);
    change(bytes);
    return { name: `header: ${name}`, put: bytes };
  };
  const found: Hostile[] = [
    own("msgpack", "a map of 4 billion", Buffer.from("dfffffffff", "hex")),
    own("msgpack", "an array of 4 billion", Buffer.from("ddffffffff", "hex")),
    own("msgpack", "a string of 4 GiB", Buffer.from("81dbffffffff", "hex")),
    own("msgpack", "bytes of 4 GiB", Buffer.from("81a16ac6ffffffff", "hex")),
    own("msgpack", "an unknown member of 4 GiB", Buffer.from("81a3786666c6ffffffff", "hex")),
    own("msgpack", "an extension of 4 GiB", Buffer.from("81a3786666c9ffffffff01", "hex")),
    own("msgpack", "arrays in arrays", Buffer.alloc(16 * KIB, 0x91)),
    own("msgpack", "maps in maps", Buffer.from("81a178".repeat(5_000), "hex")),
    own(
      "msgpack",
      "an unknown member, deeply nested",
      Buffer.concat([Buffer.from("81a3786666", "hex"), Buffer.alloc(9_000, 0x91)]),
    ),
    own("msgpack", "a prototype", Buffer.from("81a95f5f70726f746f5f5f81a8706f6c6c75746564c3", "hex")),
    own(
      "msgpack",
      "a constructor",
      Buffer.from("81ab636f6e7374727563746f7281a970726f746f7479706581a8706f6c6c75746564c3", "hex"),
    ),
    own("msgpack", "a record definition", Buffer.from("d4724093a26964a46e616d65a7637265617465", "hex")),
    own("msgpack", "a regular expression of msgpackr", Buffer.from("81a26964c7037892a161a167", "hex")),
    own("msgpack", "the byte that never is", Buffer.from("c1", "hex")),
    own("protobuf", "a length of 2 GiB", Buffer.from("0affffffff07", "hex")),
    own("protobuf", "a length beyond 2 GiB", Buffer.from("0affffffff0f", "hex")),
    own("protobuf", "a varint without end", Buffer.alloc(1_000, 0xff)),
    own("protobuf", "field 0", Buffer.from("0001", "hex")),
    own("protobuf", "groups in groups", Buffer.alloc(9_000, 0x0b)),
    own("protobuf", "an unknown field of 2 GiB", Buffer.from("fa7fffffffff07", "hex")),
    own("protobuf", "messages in messages", nestedMessages(2_000)),
    own("json", "arrays in arrays", Buffer.alloc(16 * KIB, "[")),
    own("json", "an unknown member, deeply nested", Buffer.from(`{"x":${"[".repeat(8_000)}`)),
    own("json", "a prototype", Buffer.from('{"__proto__":{"polluted":true}}')),
    own("json", "half a surrogate pair", Buffer.from('{"name":"\\ud800"}')),
    own("json", "bytes that are not UTF-8", Buffer.from("7b226e616d65223a22ff227d", "hex")),
    own(
      "json",
      "longer than any value may be",
      Buffer.concat([Buffer.from('{"x":"'), Buffer.alloc(2 * KIB * KIB, "x"), Buffer.from('"}')]),
    ),
    header("length 0", (bytes) => bytes.writeUInt8(0, 3)),
    header("length beyond the bytes", (bytes) => bytes.writeUInt8(255, 3)),
    header("every flag", (bytes) => bytes.writeUInt8(255, 5)),
    header("all optional numbers, none there", (bytes) => bytes.writeUInt8(0x1c, 5)),
    header("must understand", (bytes) => bytes.writeUInt8(0x01, 5)),
    header("dirty without a version", (bytes) => bytes.writeUInt8(0x40, 5)),
    header("not found with a payload", (bytes) => bytes.writeUInt8(0x80, 5)),
    ...Array.from({ length: 16 }, (_, nibble) =>
      header(`codec ${nibble}`, (bytes) => bytes.writeUInt8(nibble === CODECS.json ? 0x0f : nibble, 4)),
    ),
    header("compressed", (bytes) => bytes.writeUInt8(0x11, 4)),
    {
      name: "header: a version above 2^53",
      put: Buffer.concat([
        Buffer.from("c1ca090c0110", "hex"),
        whole.subarray(6, 16),
        Buffer.alloc(8, 0xff),
        Buffer.from("{}"),
      ]),
    },
    {
      name: "header: a version of 2^53-1 on nothing",
      put: Buffer.concat([
        Buffer.from("c1ca090c0110", "hex"),
        whole.subarray(6, 16),
        Buffer.from("001fffffffffffff", "hex"),
        Buffer.from("{]"),
      ]),
    },
    {
      name: "header: dirty, and rubbish behind it",
      put: Buffer.concat([
        Buffer.from("c1ca090c0150", "hex"),
        whole.subarray(6, 16),
        Buffer.from("001fffffffffffff", "hex"),
        Buffer.from("{]"),
      ]),
    },
    {
      name: "header: compressed, 64 MiB behind it",
      put: Buffer.concat([
        Buffer.from("c1ca09081100", "hex"),
        whole.subarray(6, 16),
        deflateRawSync(Buffer.alloc(64 * KIB * KIB)),
      ]),
    },
  ];
  return found;
}

/** An entity's own entry, spoilt: cut, flipped, doubled, and with what pollutes beside its members. */
export function spoiltEntries<V extends object>(entity: Entity<object, V>, value: V): readonly Hostile[] {
  const { record } = entity;
  const entry = Buffer.from(encodeEntry(entity, value, record.log === null ? {} : { version: 7 }));
  const found: Hostile[] = [{ name: "itself twice", put: Buffer.concat([entry, entry]) }];
  const step = Math.max(1, Math.floor(entry.length / 24));
  for (let at = 1; at < entry.length; at += step) {
    found.push({ name: `cut at ${at}`, put: entry.subarray(0, at) });
    const flipped = Buffer.from(entry);
    flipped.writeUInt8(flipped.readUInt8(at) ^ 0xff, at);
    found.push({ name: `flipped at ${at}`, put: flipped });
  }
  const other = anotherRow(entity, value);
  if (other !== null) found.push({ name: "another row's entry", put: other, code: "E_BINDING" });
  const json = entity.toJson(value);
  for (const name of ["__proto__", "constructor", "prototype", "hasOwnProperty", "toString", "then"]) {
    const beside = `{"${name}":{"polluted":true,"prototype":{"polluted":true}},${json.slice(1)}`;
    found.push({ name: `JSON with a member ${name}`, put: Buffer.from(beside) });
    found.push({ name: `framed JSON with a member ${name}`, put: framed(record, "json", Buffer.from(beside)) });
  }
  return found;
}

/** The valid entry of another row, of a higher version: the most tempting thing to put under a key. Null = no such row. */
function anotherRow<V extends object>(entity: Entity<object, V>, value: V): Buffer | null {
  const key = Object.entries(entity.keyOf(value)).find(
    ([, param]) => typeof param === "number" || typeof param === "string",
  );
  if (key === undefined) return null;
  const [name, param] = key;
  const row = { ...value, [name]: typeof param === "number" ? param + 1 : `${param}x` };
  return Buffer.from(encodeEntry(entity, row, { version: 9 }));
}

function nestedMessages(depth: number): Buffer {
  let inner = Buffer.alloc(0);
  for (let level = 0; level < depth; level++) {
    const length = inner.length;
    const bytes = length < 128 ? [length] : [(length & 0x7f) | 0x80, (length >> 7) & 0x7f];
    inner = Buffer.concat([Buffer.from([0x0a, ...bytes]), inner]);
    if (inner.length > 16_000) break;
  }
  return inner;
}

/** Noise that is the same in every run. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 0x2545f491;
  for (let at = 0; at < length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff;
  }
  return bytes;
}
