import {
  type DescExtension,
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  type Registry,
} from "@bufbuild/protobuf";

/** `cachepact.v1.Entry` as it was written: enums are their numbers, absent scalars their zero. */
export interface EntryOption {
  readonly key: string;
  readonly generation: number;
  readonly codec: number;
  readonly framing: number;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly negativeTtlMs: number;
  readonly jitterRatio: number | undefined;
  readonly sliding: { readonly idleMs: number; readonly maxMs: number } | undefined;
  readonly earlyRefresh: boolean;
  readonly maxPayloadBytes: number;
  readonly params: readonly ParamOption[];
  readonly consistency: number;
  readonly replicaReads: boolean;
  readonly log: string;
  readonly partitions: number;
  readonly l1: boolean;
  readonly nextGeneration: number | undefined;
  readonly previousGeneration: number | undefined;
  readonly announced: AnnouncedOption | undefined;
}

/** `cachepact.v1.Announced` as it was written. */
export interface AnnouncedOption {
  readonly codec: number;
  readonly maxPayloadBytes: number;
  readonly enumValues: readonly string[];
}

/** `cachepact.v1.Param` as it was written. */
export interface ParamOption {
  readonly name: string;
  readonly type: string;
  readonly transforms: readonly number[];
  readonly maxBytes: number;
  readonly values: readonly string[];
}

/** `cachepact.v1.Field` as it was written. */
export interface FieldOption {
  readonly required: boolean;
  readonly pii: boolean;
  readonly version: boolean;
}

// Enum values of cachepact/v1/options.proto.
export const CODECS: Readonly<Record<number, "json" | "msgpack" | "protobuf">> = {
  1: "json",
  2: "msgpack",
  3: "protobuf",
};
export const FRAMINGS: Readonly<Record<number, "framed" | "plain">> = { 1: "framed", 2: "plain" };
export const CONSISTENCIES: Readonly<Record<number, "eventual" | "strong">> = {
  0: "eventual",
  1: "eventual",
  2: "strong",
};
export const TRANSFORMS: Readonly<Record<number, "sha256">> = { 1: "sha256" };

/** Reads the options of one build; their extensions come from the build itself. */
export class OptionReader {
  readonly #entry: DescExtension;
  readonly #field: DescExtension;

  constructor(registry: Registry) {
    this.#entry = extension(registry, "cachepact.v1.entry");
    this.#field = extension(registry, "cachepact.v1.field");
  }

  /** The `entry` option of a message, or undefined when it is not an entity. */
  entry(message: DescMessage): EntryOption | undefined {
    if (!hasOption(message, this.#entry)) return undefined;
    const entry = fieldsOf(getOption(message, this.#entry));
    const { jitterRatio, sliding, nextGeneration, previousGeneration, announced } = entry;
    return {
      key: text(entry["key"]),
      generation: number(entry["generation"]),
      codec: number(entry["codec"]),
      framing: number(entry["framing"]),
      ttlMs: number(entry["ttlMs"]),
      graceMs: number(entry["graceMs"]),
      negativeTtlMs: number(entry["negativeTtlMs"]),
      jitterRatio: jitterRatio === undefined ? undefined : number(jitterRatio),
      sliding: sliding === undefined ? undefined : slidingOf(fieldsOf(sliding)),
      earlyRefresh: entry["earlyRefresh"] === true,
      maxPayloadBytes: number(entry["maxPayloadBytes"]),
      params: list(entry["params"]).map(paramOf),
      consistency: number(entry["consistency"]),
      replicaReads: entry["replicaReads"] === true,
      log: text(entry["log"]),
      partitions: number(entry["partitions"]),
      l1: entry["l1"] === true,
      nextGeneration: nextGeneration === undefined ? undefined : number(nextGeneration),
      previousGeneration: previousGeneration === undefined ? undefined : number(previousGeneration),
      announced: announced === undefined ? undefined : announcedOf(fieldsOf(announced)),
    };
  }

  field(field: DescField): FieldOption {
    const { required, pii, version } = fieldsOf(getOption(field, this.#field));
    return { required: required === true, pii: pii === true, version: version === true };
  }
}

function slidingOf(sliding: Fields): EntryOption["sliding"] {
  return { idleMs: number(sliding["idleMs"]), maxMs: number(sliding["maxMs"]) };
}

function announcedOf(announced: Fields): AnnouncedOption {
  return {
    codec: number(announced["codec"]),
    maxPayloadBytes: number(announced["maxPayloadBytes"]),
    enumValues: list(announced["enumValues"]).map(text),
  };
}

function paramOf(value: unknown): ParamOption {
  const param = fieldsOf(value);
  return {
    name: text(param["name"]),
    type: text(param["type"]),
    transforms: list(param["transforms"]).map(number),
    maxBytes: number(param["maxBytes"]),
    values: list(param["values"]).map(text),
  };
}

// A message of the registry is an object whose properties protobuf-es cannot type: they are read one by one.
type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(message: unknown): Fields {
  return typeof message === "object" && message !== null ? { ...message } : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function extension(registry: Registry, name: string): DescExtension {
  const found = registry.getExtension(name);
  if (found === undefined) throw new TypeError(`options.proto does not declare ${name}: the installation is damaged`);
  return found;
}
