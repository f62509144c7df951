/** The wire of cachepact for TypeScript: keys, frames, codecs, entries, write records, scripts, errors. No I/O. */
export {
  type Codec,
  type CodecName,
  codecById,
  codecs,
  type DecodeMode,
  type DecodeNotes,
  type Payload,
} from "./codec.ts";
export { defineEntity, type Entity } from "./entity.ts";
export { belongsTo, decodeEntry, type Entry, type EntryMeta, encodeEntry, fingerprintOf, versionOf } from "./entry.ts";
export { CachepactError, type ErrorCode, type ErrorDetails, isCachepactError } from "./errors.ts";
export { decodeFrame, encodeFrame, FRAME_BASE_BYTES, type Frame, type FrameHeader, hasMagic } from "./frame.ts";
export { type ErrorSpec, errors } from "./gen/errors.ts";
export { type MetricLabel, type MetricName, type MetricSpec, metrics } from "./gen/metrics.ts";
export { type Script, type ScriptName, scripts } from "./gen/scripts.ts";
export {
  type EntryKeys,
  entryKeys,
  idOf,
  keyFromId,
  MAX_KEY_BYTES,
  parseKey,
} from "./key.ts";
export { type LogKeys, logKeys, partitionOf } from "./log-key.ts";
export { type Channels, channels, checkNamespace } from "./namespace.ts";
export { type CodecPath, decodePayload, encodePayload } from "./payload.ts";
export type {
  Announced,
  ContractLock,
  EntityRecord,
  EnumType,
  Field,
  FieldType,
  KeyParam,
  KeySegment,
  MessageType,
  Reserved,
  ScalarType,
} from "./schema.ts";
export { propertyName } from "./schema-plan.ts";
export { slot } from "./slot.ts";
export {
  decodeWriteEvent,
  encodeWriteItem,
  eventFrame,
  type StreamFields,
  type WriteEvent,
  type WriteItem,
} from "./write-record.ts";
