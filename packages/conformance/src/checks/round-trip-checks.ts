import type { CodecName, EntityRecord } from "@cachepact/wire";
import { type Ask, type Check, Mismatch, type Pair, Skipped } from "../check.ts";
import type { RunSize } from "../differential/size.ts";
import type { Entities } from "./entities.ts";

const CODECS: readonly CodecName[] = ["json", "msgpack", "protobuf"];

/**
 * Values that are made from the schema of each entity: the testee makes the bytes of another language, by the generated
 * codec and by the interpreter, and reads them back, leniently and strictly.
 */
export function roundTripChecks(entities: Entities, size: RunSize): Check[] {
  return entities.all.flatMap((record) =>
    CODECS.map((codec) => ({
      name: `round-trips/${record.entity}/${codec}`,
      run: (ask, pair) => roundTrip(record, codec, ask, pair, size),
    })),
  );
}

async function roundTrip(record: EntityRecord, codec: CodecName, ask: Ask, pair: Pair, size: RunSize): Promise<void> {
  const { message } = record.schema;
  for (const request of [
    { op: "value.encode", message, codec, value: {} },
    { op: "value.decode", message, codec, hex: "" },
  ]) {
    const reply = await ask(request);
    if ("skipped" in reply) throw new Skipped(`${request.op}: ${reply.skipped}`);
  }
  // Loaded when it is needed: what makes random values takes longer to load than all other checks.
  const { runTrial } = await import("../differential/trial.ts");
  const { valueTrial } = await import("../differential/value-trial.ts");
  const respondents = [pair.testee, await pair.reference()];
  try {
    await runTrial(valueTrial(respondents, [record], codec), size);
  } catch (error) {
    throw new Mismatch(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
