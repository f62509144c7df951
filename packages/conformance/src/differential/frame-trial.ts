import { type CodecName, type EntityRecord, entryKeys, type KeyParam } from "@cachepact/wire";
import { keyFromNeutral, type Neutral, type NeutralMembers } from "@cachepact/wire/testing";
import fc from "fast-check";
import type { Request } from "../protocol.ts";
import { line } from "./fixture-line.ts";
import { frameBytes, frameHeader } from "./frame-bytes.ts";
import { changedPayload, payloadOf } from "./mutant.ts";
import { type Answer, askEveryone, discord, type Respondent, verdict } from "./respondents.ts";
import { sameReplyTrial } from "./same-reply-trial.ts";
import { isLong } from "./scalar.ts";
import { settled, tooDeep } from "./settled.ts";
import { stableJson } from "./stable-json.ts";
import type { Trial } from "./trial.ts";
import { type EntityValue, entityValue } from "./value.ts";

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Headers and payloads to encode, legal or not: the same bytes or the same code. */
export function frameEncodeTrial(respondents: readonly Respondent[]): Trial<Request> {
  const payload = fc.uint8Array({ maxLength: 8 }).map(hexOf);
  const input = fc
    .tuple(frameHeader, payload)
    .map(([header, bytes]) => ({ op: "frame.encode", header, payload: bytes }));
  return sameReplyTrial("frames to encode", respondents, input, "frame");
}

/** Bytes that begin like a frame, mostly: the same header and payload or the same code, leniently and strictly. */
export function frameDecodeTrial(respondents: readonly Respondent[]): Trial<Request> {
  const input = fc
    .tuple(frameBytes(fc.uint8Array({ maxLength: 8 })), fc.constantFrom("lenient", "strict"))
    .map(([bytes, mode]) => ({ op: "frame.decode", hex: hexOf(bytes), mode }));
  return sameReplyTrial("frames to decode", respondents, input, "frame");
}

/** Bytes under the key of an entity. */
export interface EntryBytes extends EntityValue {
  readonly key: NeutralMembers;
  readonly bytes: Uint8Array;
}

const CODECS: readonly CodecName[] = ["json", "msgpack", "protobuf"];

/**
 * What may lie under a key: frames of the entity's and other codecs and schemas, and bare JSON, some of them broken, some
 * of another row.
 */
export function entryBytes(records: readonly EntityRecord[]): fc.Arbitrary<EntryBytes> {
  return entityValue(records)
    .filter(({ record, value }) => !tooDeep(record.schema, value))
    .chain((input) => {
      const { record } = input;
      const own = Number.parseInt(record.fingerprint, 16);
      const framed = fc.constantFrom(...CODECS, record.codec).chain((codec) => {
        const payload = fc.oneof(
          { weight: 6, arbitrary: fc.constant(payloadOf(input, codec)) },
          { weight: 3, arbitrary: changedPayload(input, codec) },
          { weight: 1, arbitrary: fc.constant(new Uint8Array(0)) },
        );
        return frameBytes(payload, fc.constant(CODECS.indexOf(codec) + 1), fc.constantFrom(own, own, 0, 0xdead_beef));
      });
      const bare = fc.oneof(
        fc.constantFrom(payloadOf(input, "json"), Uint8Array.from(Buffer.from("null")), new Uint8Array(0)),
        changedPayload(input, "json"),
      );
      const plain = record.framing === "plain" ? 12 : 1;
      const bytes = fc.oneof({ weight: 4, arbitrary: framed }, { weight: plain, arbitrary: bare });
      return fc.tuple(bytes, fc.integer({ min: 0, max: 9 })).map(([found, chance]) => ({
        ...input,
        key: keyOf(input, chance === 0),
        bytes: found,
      }));
    });
}

/** The parameters of the key that a value belongs under; of another row with `another`, or when it fits under no key. */
function keyOf({ record, value }: EntityValue, another: boolean): NeutralMembers {
  const params = record.key.filter((segment): segment is KeyParam => "param" in segment);
  const others = Object.fromEntries(params.map((param) => [param.param, some(param)]));
  if (another) return others;
  const own = Object.fromEntries(params.map((param) => [param.param, value[param.param] ?? some(param)]));
  try {
    // Entries are decoded under keys that were built: an empty parameter, for one, has none.
    entryKeys(record, "", keyFromNeutral(record, own));
    return own;
  } catch {
    return others;
  }
}

function some({ type, values }: KeyParam): Neutral {
  if (isLong(type)) return "0";
  switch (type) {
    case "bool":
      return false;
    case "string":
      return "x";
    case "bytes":
      return "00";
    case "uuid":
      return "9f8b1c2d-0000-4000-8000-00000000abcd";
    case "enum":
      return values?.[0] ?? "x";
    default:
      return 0;
  }
}

/** Entries: the same value, version, times and foreignness, or the same code. */
export function entryTrial(respondents: readonly Respondent[], records: readonly EntityRecord[]): Trial<EntryBytes> {
  const request = ({ record, key, bytes }: EntryBytes): Request => ({
    op: "entry.decode",
    message: record.schema.message,
    key,
    hex: hexOf(bytes),
  });
  return {
    name: "entries to decode",
    input: entryBytes(records),
    async examine(inputs) {
      const answers = await askEveryone(respondents, inputs.map(request));
      return inputs.map(({ record }, index) => {
        const verdicts = (answers[index] as readonly Answer[]).map(({ by, reply }): readonly [string, string] => [
          by,
          verdict(reply, ({ value, ...rest }) => {
            const text = value === null ? "null" : settled(record.schema, value as NeutralMembers);
            return `${stableJson(rest)} ${text}`;
          }),
        ]);
        return discord(`decode an entry of ${record.entity}`, verdicts);
      });
    },
    async fixture(input, seed) {
      const [reply] = (await respondents[0]?.askAll([request(input)])) ?? [];
      const about = {
        name: `differential/${seed}`,
        why: "found by the differential test",
        entity: input.record.entity,
      };
      return line({ kind: "accept", ...about, key: input.key, bytes: hexOf(input.bytes), reply });
    },
  };
}
