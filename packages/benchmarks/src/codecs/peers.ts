import { Decoder, Encoder } from "@msgpack/msgpack";
import { Packr } from "msgpackr";

import type { Contender } from "./contender.ts";
import { protobufjsStatic } from "./protobufjs-static.ts";
import type { User } from "./user.ts";

/** What everyone without a cache contract uses; each column is also printed as a ratio to it. */
export const JSON_BASELINE = "JSON (Buffer)";

/** The peers, in the order of the table; the first is the baseline. */
export function peers(): readonly Contender[] {
  // Maps that every language can read; `variableMapSize` makes their headers as short as the standard allows.
  const maps = new Packr({ useRecords: false, variableMapSize: true });
  const records = new Packr({ useRecords: true });
  const encoder = new Encoder();
  const decoder = new Decoder();
  return [
    plain(
      JSON_BASELINE,
      (user) => Buffer.from(JSON.stringify(user)),
      // As JavaScript writes it; the parser makes the text itself.
      (bytes) => JSON.parse(bytes as unknown as string),
    ),
    plain(
      "JSON (text)",
      (user) => Buffer.from(JSON.stringify(user)),
      // As the type checker wants it: quicker for small values.
      (bytes) => JSON.parse(bytes.toString()),
    ),
    plain(
      "msgpackr maps",
      (user) => maps.pack(user),
      (bytes) => maps.unpack(bytes),
    ),
    plain(
      "msgpackr records (JavaScript only)",
      (user) => records.pack(user),
      (bytes) => records.unpack(bytes),
    ),
    plain(
      "@msgpack/msgpack",
      (user) => encoder.encode(user),
      (bytes) => decoder.decode(bytes),
    ),
    protobufjsStatic(),
  ];
}

function plain(name: string, encode: (user: User) => Uint8Array, decode: (bytes: Buffer) => unknown): Contender {
  return {
    name,
    subject: (user) => user,
    encode: (subject) => encode(subject as User),
    decode,
    restore: (decoded) => decoded as User,
  };
}
