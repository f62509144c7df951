import { createHash } from "node:crypto";
import type { CodecName } from "@cachepact/wire";
import type { NeutralMembers } from "@cachepact/wire/testing";
import type { Reply } from "../protocol.ts";
import type { InvalidValue } from "./invalid-value.ts";
import type { Mutant } from "./mutant.ts";
import type { Respondent } from "./respondents.ts";
import type { EntityValue } from "./value.ts";
import { decodeRequest, encodeRequest } from "./value-trial.ts";

/** Why a case that a random test found is there; whoever keeps it says it better. */
const WHY = "found by the differential test; say what it shows";

const CODECS: readonly CodecName[] = ["json", "msgpack", "protobuf"];

/** Longer bytes are kept as their digest, as the other fixtures do. */
const LONGEST_HEX = 4_000;

/** A case as it stands in a fixture file. */
export function line(members: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(members)},`;
}

async function first(
  respondents: readonly Respondent[],
  request: Parameters<Respondent["askAll"]>[0][number],
): Promise<Reply> {
  const [reply] = (await respondents[0]?.askAll([request])) ?? [];
  return reply ?? { skipped: "nobody answers" };
}

/** A line of values.json for a value that is valid. */
export async function canonicalCase(
  respondents: readonly Respondent[],
  input: EntityValue,
  seed: number,
): Promise<string> {
  const bytes: Record<string, unknown> = {};
  for (const codec of CODECS) {
    const reply = await first(respondents, encodeRequest(input, codec));
    bytes[codec] = "ok" in reply ? written(codec, reply.ok["hex"] as string) : reply;
    if ("ok" in reply) bytes["ascii"] = reply.ok["ascii"];
  }
  const { record, value } = input;
  return line({ kind: "canonical", name: `differential/${seed}`, why: WHY, entity: record.entity, value, ...bytes });
}

function written(codec: CodecName, hex: string): unknown {
  const bytes = Buffer.from(hex, "hex");
  if (hex.length > LONGEST_HEX) {
    return { sha256: createHash("sha256").update(bytes).digest("hex"), length: bytes.length };
  }
  return codec === "json" ? bytes.toString() : hex;
}

/** A line of values.json for a value that no codec writes. */
export function encodeErrorCase({ record, value, code }: InvalidValue, seed: number): string {
  const name = `differential/${seed}`;
  return line({ kind: "encode-error", name, why: WHY, entity: record.entity, value, error: code });
}

/** A line of values.json for bytes: what the first respondent makes of them. */
export async function payloadCase(respondents: readonly Respondent[], input: Mutant, seed: number): Promise<string> {
  const { record, codec, bytes, made } = input;
  const hex = Buffer.from(bytes).toString("hex");
  const lenient = await first(respondents, decodeRequest(record, codec, hex, "lenient"));
  const strict = await first(respondents, decodeRequest(record, codec, hex, "strict"));
  const about = {
    name: `${codec}/differential-${seed}`,
    why: `${WHY} (${made})`,
    entity: record.entity,
    codec,
    bytes: hex,
  };
  if (!("ok" in lenient))
    return line({ kind: "reject", ...about, error: "error" in lenient ? lenient.error.code : lenient });
  const value = lenient.ok["value"] as NeutralMembers;
  if ("ok" in strict) return canonicalCase(respondents, { record, value }, seed);
  return line({ kind: "accept", ...about, value, strict: "error" in strict ? strict.error.code : strict });
}
