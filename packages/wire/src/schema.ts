/**
 * The schema of an entity as plain data: what a lock file holds and generated code embeds.
 *
 * One form for every language; `contracts.lock.json` is its JSON.
 */

/** Types of a field that are not messages or enums. `timestamp` is google.protobuf.Timestamp. */
export type ScalarType =
  | "int32"
  | "uint32"
  | "sint32"
  | "int64"
  | "uint64"
  | "sint64"
  | "bool"
  | "string"
  | "bytes"
  | "double"
  | "timestamp";

/** An enum: its full proto name and its numbers by name. Values of a field are numbers; unknown numbers are legal. */
export interface EnumType {
  readonly enum: string;
  readonly values: Readonly<Record<string, number>>;
}

/** A message: its full proto name and its fields by ascending number. Nested messages are inlined. */
export interface MessageType {
  readonly message: string;
  readonly fields: readonly Field[];
  /** What the proto reserves: fields that were given up, and that older writers still send. Absent = nothing. */
  readonly reserved?: Reserved;
}

export interface Reserved {
  readonly names: readonly string[];
  /** First and last number of each range. */
  readonly numbers: readonly (readonly [number, number])[];
}

export type FieldType = ScalarType | EnumType | MessageType;

export interface Field {
  /** The proto name, which is the name in JSON and MessagePack; the TypeScript property is its camelCase. */
  readonly name: string;
  readonly number: number;
  /** `map` = `map<string, type>`. A single message or timestamp is always `optional`. */
  readonly presence: "implicit" | "optional" | "repeated" | "map";
  readonly type: FieldType;
  /** Only on 64-bit integers: `number` = a JSON number and a TypeScript `number`, limited to +-(2^53-1). */
  readonly jstype?: "number";
  readonly required?: true;
  readonly pii?: true;
}

/** One segment of the key after the entity's name. */
export type KeySegment = { readonly literal: string } | KeyParam;

export interface KeyParam {
  readonly param: string;
  readonly type: Exclude<ScalarType, "double" | "timestamp"> | "uuid" | "enum";
  readonly jstype?: "number";
  /** Written `{value}`: the Cluster hash tag. */
  readonly hash_tag?: true;
  /** Limit of the raw UTF-8 bytes of a string. */
  readonly max_bytes: number;
  readonly transforms: readonly "sha256"[];
  /** The allowed literals of type `enum`. */
  readonly values?: readonly string[];
}

/** What a later release writes: its readers come first, one release earlier. */
export interface Announced {
  readonly codec?: EntityRecord["codec"];
  /** What readers accept; writers keep to the record's `max_payload_bytes`. */
  readonly max_payload_bytes?: number;
  /** Names of enum values that no program of this release writes. */
  readonly enum_values?: readonly string[];
}

/**
 * One entity of a lock file: all that a runtime needs, in plain JSON, the same for every language.
 *
 * Written by the compiler from the `(cachepact.v1.entry)` option with every default filled in. Generated code embeds it.
 */
export interface EntityRecord {
  readonly entity: string;
  readonly generation: number;
  /** Other live generations during a bump: writes and invalidations reach them too. null = none; 0 is one. */
  readonly next_generation: number | null;
  readonly previous_generation: number | null;
  readonly codec: "json" | "msgpack" | "protobuf";
  readonly framing: "framed" | "plain";
  /** First 4 bytes of SHA-256 over the JCS form of the schema's IR, as 8 hex digits. */
  readonly fingerprint: string;
  readonly key: readonly KeySegment[];
  readonly ttl_ms: number;
  readonly grace_ms: number;
  readonly negative_ttl_ms: number;
  readonly jitter_ratio: number;
  readonly sliding: { readonly idle_ms: number; readonly max_ms: number } | null;
  readonly early_refresh: boolean;
  readonly max_payload_bytes: number;
  readonly consistency: "eventual" | "strong";
  readonly replica_reads: boolean;
  readonly l1: boolean;
  /** Proto name of the version field, or null. */
  readonly version: string | null;
  /** Name of the write-behind log, or null. */
  readonly log: string | null;
  readonly partitions: number;
  /** What a later release writes and readers of this one take already; absent = nothing. */
  readonly announced?: Announced;
  readonly schema: MessageType;
}

/** A lock file: every entity of one contract folder by name. */
export interface ContractLock {
  readonly format: 1;
  readonly entities: Readonly<Record<string, EntityRecord>>;
}
