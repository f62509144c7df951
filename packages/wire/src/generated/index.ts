/** What generated codecs are made of. Only the compiler's output imports from here. */
export { abstain } from "./abstain.ts";
export { EnumNames } from "./enum-names.ts";
export {
  type GeneratedCodec,
  type GeneratedCodecs,
  type GeneratedJsonCodec,
  generatedCodecs,
  type MessageFunctions,
} from "./generated-codec.ts";
export type { JsonInput } from "./json-input.ts";
export type { JsonOutput } from "./json-output.ts";
export { type MemberName, memberName } from "./member-name.ts";
export type { MsgpackInput } from "./msgpack-input.ts";
export type { MsgpackOutput } from "./msgpack-output.ts";
export { type Draft, emptyMap, noBytes, own } from "./plain-value.ts";
export { PropertyNames } from "./property-names.ts";
export type { ProtobufInput } from "./protobuf-input.ts";
export type { ProtobufOutput } from "./protobuf-output.ts";
export { UnknownMembers } from "./unknown-members.ts";
