import { createHash } from "node:crypto";
import type { CodecName, EntityRecord } from "@cachepact/wire";
import { completeNeutral, type Neutral, NeutralFormError } from "@cachepact/wire/testing";
import { type Ask, answer, type Check, expectError, expectSame, Mismatch } from "../check.ts";
import { type FixtureCase, unknownKind } from "../fixture-file.ts";
import type { Entities } from "./entities.ts";

const CODECS: readonly CodecName[] = ["json", "msgpack", "protobuf"];
const PATHS = ["generated", "interpreter"] as const;

/** Payloads: values.json, each case by each codec that it speaks of, by the generated codec and by the interpreter. */
export function valueChecks(entities: Entities, cases: readonly FixtureCase[], suite: string = "values"): Check[] {
  return cases.flatMap((each) => {
    const codecs = each["codec"] === undefined ? CODECS : [each["codec"] as CodecName];
    return codecs.flatMap((codec) =>
      PATHS.map((path): Check => {
        const subject = { record: entities.named(each["entity"]), codec, path, each };
        return { name: `${suite}/${each.name}/${codec}/${path}`, run: (ask) => check(subject, ask) };
      }),
    );
  });
}

/** Long lists, maps and runs of bytes of one element: boundaries.json, whose values are made here. */
export function boundaryChecks(entities: Entities, cases: readonly FixtureCase[]): Check[] {
  const written = cases.map((each): FixtureCase => {
    if (each.kind !== "boundary") return unknownKind("boundaries", each);
    const { field: name, element, times } = each as FixtureCase & { field: string; element: Neutral; times: number };
    const field = entities.named(each["entity"]).schema.fields.find((one) => one.name === name);
    if (field === undefined) throw new Error(`boundaries/${each.name} names no field of its entity`);
    const list = (): Neutral[] =>
      Array.from({ length: times }, (_, at) =>
        field.presence === "map" ? [String(at).padStart(5, "0"), element] : element,
      );
    const long = field.presence === "implicit" ? (element as string).repeat(times) : list();
    return { ...each, kind: "canonical", value: { id: "1", [name]: long } };
  });
  return valueChecks(entities, written, "boundaries");
}

/** Characters of hex above which a payload is long. */
const LONG_HEX = 20_000;

interface Subject {
  readonly record: EntityRecord;
  readonly codec: CodecName;
  readonly path: (typeof PATHS)[number];
  readonly each: FixtureCase;
}

type Op = "value.encode" | "value.decode";

function request(op: Op, { record, codec, path }: Subject, rest: object): { readonly op: Op } {
  return { op, message: record.schema.message, codec, path, ...rest } as { readonly op: Op };
}

async function check(subject: Subject, ask: Ask): Promise<void> {
  const { each } = subject;
  switch (each.kind) {
    case "canonical":
      return canonical(subject, ask);
    case "encode-error":
      return expectError(ask, request("value.encode", subject, { value: each["value"] }), String(each["error"]));
    case "accept":
      await expectDecoded(subject, ask, "lenient", inputOf(each), each["value"] as Neutral);
      if (each["strict"] === "ok") await expectDecoded(subject, ask, "strict", inputOf(each), each["value"] as Neutral);
      else await expectRefused(subject, ask, "strict", String(each["strict"]));
      return undefined;
    case "reject":
      await expectRefused(subject, ask, "lenient", String(each["error"]));
      return expectRefused(subject, ask, "strict", String(each["error"]));
    default:
      return unknownKind("values", each);
  }
}

async function canonical(subject: Subject, ask: Ask): Promise<void> {
  const { each, codec } = subject;
  const { hex, ascii } = await answer(ask, request("value.encode", subject, { value: each["value"] }));
  if (typeof hex !== "string") throw new Mismatch("value.encode: expected text as hex");
  expectSame(`value.encode: ${codec}`, comparable(hex, each[codec], codec), each[codec]);
  expectSame("value.encode: ascii", ascii, each["ascii"]);
  const decoded = (each["decoded"] ?? each["value"]) as Neutral;
  await expectDecoded(subject, ask, "strict", hex, decoded);
  // Long values cost seconds, and lenient readers of canonical bytes have shorter ones to prove themselves.
  if (hex.length < LONG_HEX) await expectDecoded(subject, ask, "lenient", hex, decoded);
}

/** The bytes in the form in which the fixture states them: JSON as text, long ones as their digest. */
function comparable(hex: string, expected: unknown, codec: CodecName): unknown {
  const bytes = Buffer.from(hex, "hex");
  if (typeof expected === "object") {
    return { sha256: createHash("sha256").update(bytes).digest("hex"), length: bytes.length };
  }
  return codec === "json" ? bytes.toString("utf8") : hex;
}

async function expectDecoded(subject: Subject, ask: Ask, mode: string, hex: string, expected: Neutral): Promise<void> {
  const { value } = await answer(ask, request("value.decode", subject, { mode, hex }));
  const { schema } = subject.record;
  expectSame(`value.decode, ${mode}`, completed(subject.record, value), completeNeutral(schema, expected));
}

/** A testee may leave defaults out and give the pairs of a map in any order. */
export function completed(record: EntityRecord, value: unknown): unknown {
  try {
    return completeNeutral(record.schema, value as Neutral);
  } catch (error) {
    if (error instanceof NeutralFormError) throw new Mismatch(error.message);
    throw error;
  }
}

function expectRefused(subject: Subject, ask: Ask, mode: string, code: string): Promise<void> {
  return expectError(ask, request("value.decode", subject, { mode, hex: inputOf(subject.each) }), code);
}

function inputOf(each: FixtureCase): string {
  return each["text"] === undefined
    ? String(each["bytes"])
    : Buffer.from(each["text"] as string, "utf8").toString("hex");
}
