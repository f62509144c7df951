import { readFileSync } from "node:fs";
import {
  type CodecName,
  type ContractLock,
  decodePayload,
  defineEntity,
  type EntityRecord,
  encodePayload,
  isCachepactError,
} from "@cachepact/wire";
import { fromNeutral, type Neutral, toNeutral } from "@cachepact/wire/testing";
import { describe, expect, test, vi } from "vitest";
import { mutantTrial } from "../src/differential/mutant-trial.ts";
import type { Respondent } from "../src/differential/respondents.ts";
import { runTrial } from "../src/differential/trial.ts";
import { invalidValueTrial, valueTrial } from "../src/differential/value-trial.ts";
import type { Reply, Request } from "../src/protocol.ts";

// A machine that is busy with other tests is slow, which is no failure.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const lock = JSON.parse(
  readFileSync(new URL(import.meta.resolve("@cachepact/wire/fixtures/contract/contracts.lock.json")), "utf8"),
) as ContractLock;
const records: readonly EntityRecord[] = Object.values(lock.entities);

/** The codecs of this process as a respondent: what they say, or what `twist` makes of it. */
function respondent(name: string, twist: (request: Request, reply: Reply) => Reply = (_, told) => told): Respondent {
  return { name, askAll: async (requests) => requests.map((request) => twist(request, reply(request))) };
}

function reply({ op, message, codec, value, hex, mode }: Request): Reply {
  const record = records.find(({ schema }) => schema.message === message) as EntityRecord;
  const entity = defineEntity<object, object>(record);
  try {
    if (op === "value.encode") {
      const native = fromNeutral(record.schema, value as Neutral);
      const { bytes, ascii } = encodePayload(entity, codec as CodecName, native, "interpreter");
      return { ok: { hex: Buffer.from(bytes).toString("hex"), ascii } };
    }
    const bytes = Buffer.from(hex as string, "hex");
    const notes = { unknownEnumName: false };
    const decoded = decodePayload(entity, codec as CodecName, bytes, mode as "strict", "interpreter", notes);
    const ok = { value: toNeutral(record.schema, decoded) };
    return { ok: notes.unknownEnumName ? { ...ok, unknown_enum_name: true } : ok };
  } catch (error) {
    if (isCachepactError(error)) return { error: { code: error.code, message: "" } };
    throw error;
  }
}

/** Says another thing about whatever has U+2028 in it. */
const separator = respondent("liar", (request, told) => {
  const aboutIt = JSON.stringify(request).includes("\u2028");
  return aboutIt && "ok" in told ? { ok: { ...told.ok, hex: `${String(told.ok["hex"])}00` } } : told;
});

async function failure(run: Promise<void>): Promise<string> {
  return run.then(
    () => "nothing was found",
    (error: unknown) => (error as Error).message,
  );
}

describe("a difference between two languages", () => {
  const size = { cases: 2_000, seed: 1 };
  const trial = valueTrial([respondent("honest"), separator], records, "msgpack");

  test("is found, made small, and printed as a fixture", async () => {
    const message = await failure(runTrial(trial, size));
    expect(message).toContain("liar generated: ok");
    const line = message.split("\n").at(-1) as string;
    const fixture = JSON.parse(line.slice(0, -1)) as { kind: string; entity: string; value: object; msgpack: string };
    expect(fixture.kind).toBe("canonical");
    // Whatever is not needed for the difference is gone: what is required, and the one text.
    expect(JSON.stringify(fixture.value)).toContain("\u2028");
    expect(JSON.stringify(fixture.value).length).toBeLessThan(120);
    const { schema } = records.find(({ entity }) => entity === fixture.entity) as EntityRecord;
    const request = { op: "value.encode", message: schema.message, codec: "msgpack", value: fixture.value };
    expect(reply(request)).toMatchObject({ ok: { hex: fixture.msgpack } });
  });

  test("is found again by the seed and the number of cases that the report names", async () => {
    const message = await failure(runTrial(trial, size));
    const [, seed, cases] = /CACHEPACT_SEED=(\d+) CACHEPACT_CASES=(\d+)/.exec(message) ?? [];
    const again = await failure(runTrial(trial, { seed: Number(seed), cases: Number(cases) }));
    expect(again.split("\n").at(-1)).toBe(message.split("\n").at(-1));
    expect(await failure(runTrial(trial, { seed: Number(seed), cases: Number(cases) - 1 }))).toBe("nothing was found");
  });
});

describe("what all agree on is wrong all the same", () => {
  const size = { cases: 1_000, seed: 7 };

  test("when valid values are refused", async () => {
    const twist = (request: Request, told: Reply): Reply =>
      JSON.stringify(request["value"] ?? "").includes("5e-324") ? { error: { code: "E_FLOAT", message: "" } } : told;
    const both = [respondent("one", twist), respondent("another", twist)];
    expect(await failure(runTrial(valueTrial(both, records, "json"), size))).toContain("the value is valid");
  });

  test("when a value is read as another", async () => {
    const twist = ({ op }: Request, told: Reply): Reply => {
      if (op !== "value.decode" || !("ok" in told)) return told;
      const { value } = JSON.parse(JSON.stringify(told.ok).replace('"__proto__"', '"__proto_"')) as { value: Neutral };
      return { ok: { value } };
    };
    const both = [respondent("one", twist), respondent("another", twist)];
    expect(await failure(runTrial(valueTrial(both, records, "json"), size))).toContain("__proto_");
  });

  test("when a faulty value is refused with the code of another fault", async () => {
    const twist = (_: Request, told: Reply): Reply =>
      "error" in told && told.error.code === "E_SURROGATE" ? { error: { code: "E_UTF8", message: "" } } : told;
    const both = [respondent("one", twist), respondent("another", twist)];
    expect(await failure(runTrial(invalidValueTrial(both, records, "json"), size))).toContain(
      "expected: error E_SURROGATE",
    );
  });

  test("when strict decoding takes what is not canonical", async () => {
    const twist = (request: Request, told: Reply): Reply =>
      "error" in told && told.error.code === "E_NONCANONICAL" ? reply({ ...request, mode: "lenient" }) : told;
    const both = [respondent("one", twist), respondent("another", twist)];
    expect(await failure(runTrial(mutantTrial(both, records, "protobuf"), size))).toContain("strict beside lenient");
  });

  test("when both crash", async () => {
    const twist = (_: Request, told: Reply): Reply =>
      "error" in told && told.error.code === "E_DEPTH" ? { error: { code: "runtime_error", message: "" } } : told;
    const both = [respondent("one", twist), respondent("another", twist)];
    expect(await failure(runTrial(mutantTrial(both, records, "json"), size))).toContain("error runtime_error");
  });
});
