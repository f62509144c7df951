import { type EntityRecord, entryKeys, type KeyParam } from "@cachepact/wire";
import { keyFromNeutral, type Neutral, type NeutralMembers } from "@cachepact/wire/testing";
import fc from "fast-check";
import type { Request } from "../protocol.ts";
import { BYTE_MUTATIONS, mutateBytes } from "./byte-mutation.ts";
import { mutation } from "./mutation.ts";
import type { Respondent } from "./respondents.ts";
import { sameReplyTrial } from "./same-reply-trial.ts";
import { isLong, neutralScalar, rangeOf } from "./scalar.ts";
import { illFormedText } from "./text.ts";
import type { Trial } from "./trial.ts";

/** Texts of a parameter at the limit of its bytes, one above it, and with every sign that a key escapes. */
function texts({ max_bytes }: KeyParam): fc.Arbitrary<Neutral> {
  return fc.constantFrom<Neutral>(
    { repeat: "x", times: max_bytes },
    { repeat: "x", times: max_bytes + 1 },
    { repeat: "é", times: Math.floor(max_bytes / 2) },
    { repeat: "%", times: Math.min(max_bytes, 170) },
    "a:b",
    "%3A",
    "{x}*?[]\\",
    "~-._!'()*",
    "@lease",
    " \r\n\0",
    "+/=",
  );
}

/** A parameter in neutral form; one in a few is of a wrong type or out of range. */
function paramOf(param: KeyParam): fc.Arbitrary<Neutral> {
  const wrong = fc.constantFrom<Neutral>({ native: true }, { native: "1" }, { native: 1.5 }, { native: null });
  return fc.oneof({ weight: 12, arbitrary: fitting(param) }, { weight: 1, arbitrary: wrong });
}

function fitting(param: KeyParam): fc.Arbitrary<Neutral> {
  const field = {
    name: param.param,
    number: 1,
    presence: "implicit" as const,
    ...(param.jstype ? { jstype: param.jstype } : {}),
  };
  switch (param.type) {
    case "uuid":
      return fc.oneof(
        fc.uuid(),
        fc.uuid().map((text) => text.toUpperCase()),
        fc.constantFrom("", "9f8b1c2d00004000800000000000abcd", "{9f8b1c2d-0000-4000-8000-00000000abcd}", "\uFF19"),
      );
    case "enum":
      return fc.constantFrom(...(param.values ?? []), "", "EU", "other");
    case "string":
      return fc.oneof(neutralScalar({ ...field, type: "string" }), texts(param), illFormedText);
    case "bytes":
      return fc.oneof(
        neutralScalar({ ...field, type: "bytes" }),
        fc.constantFrom("00".repeat(param.max_bytes), "00".repeat(param.max_bytes + 1)),
      );
    case "bool":
      return fc.boolean();
    default: {
      const { type } = param;
      const [least, most] = rangeOf({ ...field, type });
      const beyond = [least - 1n, most + 1n].map((edge): Neutral => (isLong(type) ? String(edge) : Number(edge)));
      return fc.oneof({ weight: 8, arbitrary: neutralScalar({ ...field, type }) }, fc.constantFrom(...beyond));
    }
  }
}

function paramsOf(record: EntityRecord): readonly KeyParam[] {
  return record.key.filter((segment): segment is KeyParam => "param" in segment);
}

function keyOf(record: EntityRecord): fc.Arbitrary<NeutralMembers> {
  const params = paramsOf(record);
  const missing = fc.oneof({ weight: 20, arbitrary: fc.constant(-1) }, fc.nat({ max: params.length }));
  return fc
    .tuple(missing, ...params.map((param) => paramOf(param).map((value) => [param.param, value] as const)))
    .map(([left, ...found]) => Object.fromEntries(found.filter((_, index) => index !== left)));
}

const namespaces = fc.constantFrom(
  "",
  "",
  "acme",
  "a.b-c_9",
  "Acme",
  "acme:x",
  "{acme}",
  "9a",
  `a${"b".repeat(39)}`,
  `a${"b".repeat(40)}`,
);

/** Keys of every entity, with and without a namespace, legal or not: the same keys, slot and partition, or the same code. */
export function keyBuildTrial(respondents: readonly Respondent[], records: readonly EntityRecord[]): Trial<Request> {
  const input = fc.constantFrom(...records).chain((record) =>
    fc.tuple(keyOf(record), namespaces).map(([key, namespace]) => ({
      op: "key.build",
      message: record.schema.message,
      namespace,
      key,
    })),
  );
  return sameReplyTrial("keys to build", respondents, input, "key");
}

/** Texts that are keys of an entity, almost, or not at all: the same parameters or the same code. */
export function keyParseTrial(respondents: readonly Respondent[], records: readonly EntityRecord[]): Trial<Request> {
  const changes = fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.array(mutation(BYTE_MUTATIONS), { minLength: 1, maxLength: 2 }) },
  );
  const input = fc.constantFrom(...records).chain((record) =>
    fc.tuple(keyOf(record), fc.constantFrom("", "acme"), changes).map(([key, namespace, all]) => {
      const text = all.reduce<Uint8Array>(
        (bytes, change) => mutateBytes(bytes, change, bytes),
        built(record, namespace, key),
      );
      return { op: "key.parse", message: record.schema.message, namespace, text: Buffer.from(text).toString() };
    }),
  );
  return sameReplyTrial("keys to parse", respondents, input, "parse-reject");
}

function built(record: EntityRecord, namespace: string, key: NeutralMembers): Uint8Array {
  try {
    return Buffer.from(entryKeys(record, namespace, keyFromNeutral(record, key)).value);
  } catch {
    return Buffer.from(`${record.entity}:1`);
  }
}
