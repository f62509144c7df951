import type { CodecName, EntityRecord } from "@cachepact/wire";
import type { NeutralMembers } from "@cachepact/wire/testing";
import type { Request } from "../protocol.ts";
import { canonicalCase, encodeErrorCase } from "./fixture-line.ts";
import { type InvalidValue, invalidValue } from "./invalid-value.ts";
import { type Answer, askOnBothPaths, discord, type Respondent, verdict } from "./respondents.ts";
import { settled, tooDeep } from "./settled.ts";
import { stableJson } from "./stable-json.ts";
import type { Trial } from "./trial.ts";
import { type EntityValue, entityValue } from "./value.ts";

/** The request to encode a value. */
export function encodeRequest({ record, value }: EntityValue, codec: CodecName): Request {
  return { op: "value.encode", message: record.schema.message, codec, value };
}

/** The request to decode a payload. */
export function decodeRequest(
  record: EntityRecord,
  codec: CodecName,
  hex: string,
  mode: "strict" | "lenient",
): Request {
  return { op: "value.decode", message: record.schema.message, codec, hex, mode };
}

/** What everyone says of one request, in comparable form. */
export function encodeVerdicts(answers: readonly Answer[]): (readonly [string, string])[] {
  return answers.map(({ by, reply }) => [by, verdict(reply, stableJson)]);
}

/** The same of decoded values: as text that does not depend on the order of maps or members. */
export function decodeVerdicts({ schema }: EntityRecord, answers: readonly Answer[]): (readonly [string, string])[] {
  return answers.map(({ by, reply }) => [
    by,
    verdict(reply, ({ value, unknown_enum_name }) => {
      const text = settled(schema, value as NeutralMembers);
      return unknown_enum_name === true ? `${text}, a name that its enum does not have` : text;
    }),
  ]);
}

/**
 * Valid values: every language and path makes the same bytes, and reads them, strictly and leniently, as the value.
 *
 * A strict decode encodes again and compares, so that it stands for strict re-encoding.
 */
export function valueTrial(
  respondents: readonly Respondent[],
  records: readonly EntityRecord[],
  codec: CodecName,
): Trial<EntityValue> {
  return {
    name: `${codec}: values`,
    input: entityValue(records),
    async examine(inputs) {
      const encoded = await askOnBothPaths(
        respondents,
        inputs.map((input) => encodeRequest(input, codec)),
      );
      const problems = inputs.map(({ record: { entity, schema }, value }, index) => {
        const expected = tooDeep(schema, value) ? "error E_DEPTH" : undefined;
        const verdicts = encodeVerdicts(encoded[index] as readonly Answer[]);
        const found = discord(`encode a ${entity}`, verdicts, expected);
        const refused = expected === undefined && verdicts[0]?.[1].startsWith("error");
        return found ?? (refused ? discord(`encode a ${entity}`, verdicts, "ok, the value is valid") : undefined);
      });
      const readable = inputs.flatMap((input, index) => {
        const reply = encoded[index]?.[0]?.reply;
        if (problems[index] !== undefined || reply === undefined || !("ok" in reply)) return [];
        return [{ input, index, hex: reply.ok["hex"] as string }];
      });
      const requests = readable.flatMap(({ input, hex }) =>
        (["strict", "lenient"] as const).map((mode) => decodeRequest(input.record, codec, hex, mode)),
      );
      const decoded = await askOnBothPaths(respondents, requests);
      for (const [at, { input, index }] of readable.entries()) {
        const { record, value } = input;
        const expected = `ok ${settled(record.schema, value)}`;
        for (const [offset, mode] of ["strict", "lenient"].entries()) {
          const verdicts = decodeVerdicts(record, decoded[at * 2 + offset] as readonly Answer[]);
          problems[index] ??= discord(`decode a ${record.entity}, ${mode}`, verdicts, expected);
        }
      }
      return problems;
    },
    fixture: (input, seed) => canonicalCase(respondents, input, seed),
  };
}

/** Values with one fault: every language and path refuses them with the code of that fault. */
export function invalidValueTrial(
  respondents: readonly Respondent[],
  records: readonly EntityRecord[],
  codec: CodecName,
): Trial<InvalidValue> {
  return {
    name: `${codec}: values with one fault`,
    input: invalidValue(records).filter(({ record, value }) => !tooDeep(record.schema, value)),
    async examine(inputs) {
      const encoded = await askOnBothPaths(
        respondents,
        inputs.map((input) => encodeRequest(input, codec)),
      );
      return inputs.map(({ record, code }, index) =>
        discord(`encode a ${record.entity}`, encodeVerdicts(encoded[index] as readonly Answer[]), `error ${code}`),
      );
    },
    fixture: async (input, seed) => encodeErrorCase(input, seed),
  };
}
