import { json } from "./codecs/json.ts";
import { msgpack } from "./codecs/msgpack.ts";
import { protobuf } from "./codecs/protobuf.ts";
import { CachepactError } from "./errors.ts";
import type { MessageType } from "./schema.ts";

export type CodecName = "json" | "msgpack" | "protobuf";

/**
 * `lenient`: any valid encoding of a value of the schema; what production reads.
 * `strict`: the one canonical encoding; what tests, fixtures and read-modify-write demand.
 */
export type DecodeMode = "lenient" | "strict";

/** A payload with what the frame says about it. */
export interface Payload {
  readonly bytes: Uint8Array;
  /** Every string and map key is ASCII. */
  readonly ascii: boolean;
}

/** What a lenient decode had to give up; the caller passes the object, the decoder fills it in. */
export interface DecodeNotes {
  /** An enum name of a newer writer was read as the enum's zero: the value must not be written back. */
  unknownEnumName: boolean;
  /** Members of a newer writer were passed over: the value is complete for this schema and not what was written. */
  unknownMember?: boolean;
}

/** One codec: canonical, one value has one byte string in every language. Values are those of SPEC 1. */
export interface Codec {
  /** The codec's number in a frame. */
  readonly id: 1 | 2 | 3;
  readonly name: CodecName;
  /** @throws {CachepactError} E_TYPE, E_RANGE, E_FLOAT, E_SURROGATE, E_MISSING, E_DEPTH */
  encode(schema: MessageType, value: object): Uint8Array;
  /** `encode` with what the frame's flags need. */
  encodePayload(schema: MessageType, value: object): Payload;
  /**
   * The caller limits the size before.
   * @throws {CachepactError} E_SYNTAX, E_TRUNCATED, E_TRAILING, E_UTF8, E_DUP, E_DEPTH, E_TYPE, E_RANGE, E_FLOAT,
   * E_SURROGATE, E_MISSING; strict also E_NONCANONICAL
   */
  decode(schema: MessageType, bytes: Uint8Array, mode: DecodeMode, notes?: DecodeNotes): object;
}

/** The three codecs by name. */
export const codecs: Readonly<Record<CodecName, Codec>> = { json, msgpack, protobuf };

const byId: ReadonlyMap<number, Codec> = new Map(Object.values(codecs).map((codec) => [codec.id, codec]));

/**
 * The codec that a frame names.
 *
 * @throws {CachepactError} E_PRIVATE for 4, the entries that TypeScript keeps to itself; E_CODEC for any other number
 */
export function codecById(id: number): Codec {
  const codec = byId.get(id);
  if (codec !== undefined) return codec;
  if (id === 4) {
    throw new CachepactError(
      "E_PRIVATE",
      "decode an entry: found codec 4, which is private to TypeScript; declare the entity in a contract",
    );
  }
  throw new CachepactError(
    "E_CODEC",
    `decode an entry: found codec ${id}, which this reader does not have; upgrade it`,
  );
}
