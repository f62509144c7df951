import type { DescMessage } from "@bufbuild/protobuf";
import type { EntityRecord, Field } from "@cachepact/wire";
import { announcedOf, announcedProblems } from "./announced.ts";
import { CODECS, CONSISTENCIES, type EntryOption, FRAMINGS, type OptionReader } from "./entry-option.ts";
import { fingerprint } from "./fingerprint.ts";
import { readKey } from "./key-params.ts";
import { KEY_NAME, KEY_NAME_RULE } from "./key-template.ts";
import type { Problems } from "./problems.ts";
import { is64Bit, readSchema, type Schema } from "./schema.ts";

/** "Not found" is remembered half a minute: long enough to shield the database, short enough for a new row to appear. */
export const DEFAULT_NEGATIVE_TTL_MS = 30_000;

/** Entries that are written in one burst expire over the last tenth of their ttl instead of in one instant. */
export const DEFAULT_JITTER_RATIO = 0.1;

/** Larger values belong elsewhere: one of them stalls a Redis connection for everybody behind it. */
export const DEFAULT_MAX_PAYLOAD_BYTES: number = 1024 * 1024;

export const DEFAULT_PARTITIONS = 16;

/** Redis takes values up to 512 MiB; half a KiB of it is for the longest header. */
const MAX_PAYLOAD_BYTES: number = 512 * 1024 * 1024 - 512;

/** Partition numbers have two digits in keys. */
const MAX_PARTITIONS = 100;

/** One entity, compiled: its lock record and the declarations that generated code needs. */
export interface CompiledEntity {
  readonly message: DescMessage;
  readonly record: EntityRecord;
  readonly used: Schema["used"];
}

/** Compiles one message that carries the `entry` option. What is wrong is noted in `problems`. */
export function compileEntity(
  message: DescMessage,
  option: EntryOption,
  options: OptionReader,
  problems: Problems,
): CompiledEntity {
  if (message.parent !== undefined) {
    problems.add(message, "an entity is a top-level message, generated code is named after it; move it out");
  }
  const framing = FRAMINGS[option.framing];
  const codec = CODECS[option.codec];
  if (codec === undefined)
    problems.add(message, "the option has no codec; choose CODEC_JSON, CODEC_MSGPACK or CODEC_PROTOBUF");
  if (framing === undefined) problems.add(message, "the option has no framing; choose FRAMING_FRAMED or FRAMING_PLAIN");
  if (CONSISTENCIES[option.consistency] === undefined) {
    problems.add(
      message,
      `consistency ${option.consistency} is unknown; choose CONSISTENCY_EVENTUAL or CONSISTENCY_STRONG`,
    );
  }
  const schema = readSchema(message, framing === "plain", options, problems);
  const key = readKey(message, option, schema.type, problems);
  const generation = { generation: option.generation, codec: codec ?? "json", schema: schema.type };
  const record: EntityRecord = {
    entity: key.entity,
    generation: option.generation,
    next_generation: option.nextGeneration ?? null,
    previous_generation: option.previousGeneration ?? null,
    codec: generation.codec,
    framing: framing ?? "framed",
    fingerprint: fingerprint(generation),
    key: key.segments,
    ttl_ms: option.ttlMs,
    grace_ms: option.graceMs,
    negative_ttl_ms: option.negativeTtlMs || Math.min(DEFAULT_NEGATIVE_TTL_MS, option.ttlMs),
    jitter_ratio: option.jitterRatio ?? DEFAULT_JITTER_RATIO,
    sliding: option.sliding === undefined ? null : { idle_ms: option.sliding.idleMs, max_ms: option.sliding.maxMs },
    early_refresh: option.earlyRefresh,
    max_payload_bytes: option.maxPayloadBytes || DEFAULT_MAX_PAYLOAD_BYTES,
    consistency: CONSISTENCIES[option.consistency] ?? "eventual",
    replica_reads: option.replicaReads,
    l1: option.l1,
    version: versionField(message, schema, options, problems),
    log: option.log || null,
    partitions: option.log === "" ? 0 : option.partitions || DEFAULT_PARTITIONS,
    ...announcedOf(option),
    schema: schema.type,
  };
  for (const problem of announcedProblems(record, option)) problems.add(message, problem);
  for (const problem of timingProblems(record)) problems.add(message, problem);
  for (const problem of combinationProblems(record)) problems.add(message, problem);
  for (const problem of logProblems(record, option.partitions)) problems.add(message, problem);
  return { message, record, used: schema.used };
}

function versionField(message: DescMessage, schema: Schema, options: OptionReader, problems: Problems): string | null {
  const marked = message.fields.filter((field) => options.field(field).version);
  const [first, ...others] = marked;
  for (const other of others) {
    problems.add(other, `${first?.name} is the version already; an entity has one, remove version = true here`);
  }
  if (first === undefined) return null;
  const field = schema.type.fields.find((each) => each.name === first.name);
  if (field !== undefined && !isVersion(field)) {
    problems.add(
      first,
      "a version is a single 64-bit integer that both languages compare as a number; use int64 with jstype = JS_NUMBER",
    );
  }
  return first.name;
}

function isVersion({ type, presence, jstype }: Field): boolean {
  return is64Bit(type) && jstype === "number" && (presence === "implicit" || presence === "optional");
}

function* timingProblems(record: EntityRecord): Generator<string> {
  const { ttl_ms, negative_ttl_ms, jitter_ratio, sliding, generation } = record;
  if (ttl_ms === 0) yield "ttl_ms is missing; say how long an entry is fresh, in milliseconds";
  if (ttl_ms > 0 && negative_ttl_ms > ttl_ms) {
    yield `negative_ttl_ms ${negative_ttl_ms} is above ttl_ms ${ttl_ms}; "not found" is not remembered longer than a value, lower it`;
  }
  if (!(jitter_ratio >= 0 && jitter_ratio < 1)) {
    yield `jitter_ratio ${jitter_ratio} is not the fraction of a ttl; use 0 (none) to less than 1`;
  }
  if (sliding !== null && (sliding.idle_ms === 0 || sliding.max_ms < sliding.idle_ms)) {
    yield `sliding { idle_ms: ${sliding.idle_ms} max_ms: ${sliding.max_ms} } needs idle_ms above 0 and max_ms of at least idle_ms`;
  }
  if (record.max_payload_bytes > MAX_PAYLOAD_BYTES) {
    yield `max_payload_bytes ${record.max_payload_bytes} is above ${MAX_PAYLOAD_BYTES}, which is what Redis takes; lower it`;
  }
  if (record.next_generation !== null && record.next_generation <= generation) {
    yield `next_generation ${record.next_generation} is not above generation ${generation}; announce a higher one`;
  }
  if (record.previous_generation !== null && record.previous_generation >= generation) {
    yield `previous_generation ${record.previous_generation} is not below generation ${generation}; name the one that is being retired`;
  }
}

function* combinationProblems(record: EntityRecord): Generator<string> {
  if (record.framing === "plain") yield* plainProblems(record);
  if (record.sliding !== null && record.grace_ms > 0) {
    yield "sliding and grace_ms exclude each other, an idle entry is never served stale; remove one";
  }
  if (record.l1) {
    if (record.consistency === "strong")
      yield "l1 with CONSISTENCY_STRONG is refused, a local copy may be stale; remove one";
    if (record.sliding !== null)
      yield "l1 with sliding is refused, local hits would not keep the entry alive; remove one";
    if (record.log !== null)
      yield "l1 with a log is refused, a local copy may be older than an accepted write; remove one";
  }
  if (record.replica_reads) {
    if (record.consistency === "strong")
      yield "replica_reads with CONSISTENCY_STRONG is refused, replicas lag; remove one";
    if (record.version === null && record.log === null) {
      yield "replica_reads needs versions to tell a lagging replica's row; mark the row's version field, or remove it";
    }
  }
}

/** A bare payload has no header that could hold what these need. */
function* plainProblems(record: EntityRecord): Generator<string> {
  const remedy = "remove it, or use FRAMING_FRAMED";
  if (record.codec !== "json")
    yield "FRAMING_PLAIN needs CODEC_JSON, it exists for clients that parse JSON; change one";
  if (record.version !== null)
    yield `FRAMING_PLAIN is unversioned, but ${record.version} is marked as version; ${remedy}`;
  if (record.grace_ms > 0) yield `FRAMING_PLAIN has no grace, a bare payload cannot say that it is stale; ${remedy}`;
  if (record.early_refresh) yield `FRAMING_PLAIN has no early_refresh; ${remedy}`;
  if (record.sliding !== null) yield `FRAMING_PLAIN has no sliding expiry; ${remedy}`;
  if (record.log !== null) yield `FRAMING_PLAIN has no write-behind log; ${remedy}`;
  if (record.consistency === "strong")
    yield `FRAMING_PLAIN cannot be CONSISTENCY_STRONG, foreign writers know no fence; ${remedy}`;
}

function* logProblems(record: EntityRecord, writtenPartitions: number): Generator<string> {
  if (record.log === null) {
    if (writtenPartitions > 0)
      yield `partitions ${writtenPartitions} without a log has no meaning; name the log or remove it`;
    return;
  }
  if (!KEY_NAME.test(record.log)) yield `log "${record.log}" is not a name that keys can hold; use ${KEY_NAME_RULE}`;
  if (record.partitions > MAX_PARTITIONS) yield `partitions ${record.partitions} is above ${MAX_PARTITIONS}; lower it`;
  if (record.version !== null) {
    yield `log and a version field exclude each other, a log numbers its writes itself; remove version = true from ${record.version}`;
  }
  const params = record.key.filter((segment) => "param" in segment);
  if (params.length === 0)
    yield "an entity with a log needs a parameter in its key, which picks the partition; add one";
  for (const { param } of params) {
    if (record.schema.fields.some(({ name }) => name === param)) continue;
    yield `parameter {${param}} is no field, but an entity with a log finds the key in the value; add the field`;
  }
  if (params.some((param) => param.hash_tag)) {
    yield "{{ }} in the key of an entity with a log is refused, the partition is the hash tag; write { }";
  }
}
