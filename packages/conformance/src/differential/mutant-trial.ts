import { type CodecName, codecs, type EntityRecord } from "@cachepact/wire";
import { fromNeutral, type Neutral } from "@cachepact/wire/testing";
import { payloadCase } from "./fixture-line.ts";
import { type Mutant, mutant } from "./mutant.ts";
import { type Answer, askOnBothPaths, discord, type Respondent } from "./respondents.ts";
import type { Trial } from "./trial.ts";
import { decodeRequest, decodeVerdicts } from "./value-trial.ts";

/**
 * Bytes of which nobody knows whether they are valid: every language and path gives one verdict, one code, one value, and
 * strict and lenient decoding fit each other.
 */
export function mutantTrial(
  respondents: readonly Respondent[],
  records: readonly EntityRecord[],
  codec: CodecName,
): Trial<Mutant> {
  return {
    name: `${codec}: mutants`,
    input: mutant(records, codec),
    async examine(inputs) {
      const requests = inputs.flatMap(({ record, bytes }) =>
        (["lenient", "strict"] as const).map((mode) =>
          decodeRequest(record, codec, Buffer.from(bytes).toString("hex"), mode),
        ),
      );
      const decoded = await askOnBothPaths(respondents, requests);
      return inputs.map((input, index) => {
        const lenient = decoded[index * 2] as readonly Answer[];
        const strict = decoded[index * 2 + 1] as readonly Answer[];
        return judged(input, lenient, strict);
      });
    },
    fixture: (input, seed) => payloadCase(respondents, input, seed),
  };
}

function judged(input: Mutant, lenient: readonly Answer[], strict: readonly Answer[]): string | undefined {
  const { record, made } = input;
  const leniently = decodeVerdicts(record, lenient);
  const strictly = decodeVerdicts(record, strict);
  const what = `decode a ${record.entity} (${made})`;
  const found = discord(`${what}, lenient`, leniently) ?? discord(`${what}, strict`, strictly);
  if (found !== undefined) return found;
  // All agree from here on, so that the first answers for all.
  const expected = strictVerdict(input, lenient[0] as Answer, leniently[0]?.[1] as string);
  return expected === undefined ? undefined : discord(`${what}, strict beside lenient`, strictly, expected);
}

/** What strict decoding must give by what lenient decoding gave; undefined = any code, the value cannot be written. */
function strictVerdict({ record, codec, bytes }: Mutant, { reply }: Answer, lenient: string): string | undefined {
  if (!("ok" in reply)) return lenient;
  const written = encodedOrCode(record, codec, reply.ok["value"] as Neutral);
  if (typeof written === "string") return undefined;
  return Buffer.compare(written, bytes) === 0 ? lenient : "error E_NONCANONICAL";
}

function encodedOrCode(record: EntityRecord, codec: CodecName, value: Neutral): Uint8Array | string {
  try {
    return codecs[codec].encode(record.schema, fromNeutral(record.schema, value));
  } catch (error) {
    return String(error);
  }
}
