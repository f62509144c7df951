import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type CodecName, type CodecPath, decodePayload, type Entity, isCachepactError } from "@cachepact/wire";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { mutant, payloadOf } from "../src/differential/mutant.ts";
import { runSize } from "../src/differential/size.ts";
import { GOLDEN_PROTOS, type ScratchContract, scratchContract } from "../src/scratch-contract.ts";

// A machine that is busy with other tests is slow, which is no failure.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { cases, seed } = runSize(500);

const CODECS: readonly CodecName[] = ["json", "msgpack", "protobuf"];
const PATHS: readonly CodecPath[] = ["generated", "interpreter"];

/** Names by which a prototype could be reached or replaced, as members, as map keys and as names nobody knows. */
const NAMES = ["__proto__", "constructor", "prototype", "__defineGetter__", "hasOwnProperty", "toString", "then"];

let contract: ScratchContract;
let entities: readonly Entity<object, object>[];

beforeAll(async () => {
  // Inside this package, where generated code finds the wire.
  const dir = fileURLToPath(new URL("../test-results/", import.meta.url));
  mkdirSync(dir, { recursive: true });
  contract = await scratchContract({ protos: GOLDEN_PROTOS, dir });
  const generated = (await import(`${contract.folder}/src/gen/index.ts`)) as Readonly<Record<string, unknown>>;
  entities = Object.values(generated).filter((each): each is Entity<object, object> => "record" in (each as object));
}, 120_000);

afterAll(() => contract?.close());

/** The prototypes that a decoded value may have: of records and lists and bytes; maps have none. */
const OURS: ReadonlySet<unknown> = new Set([Object.prototype, Array.prototype, Uint8Array.prototype, null]);

/** Everything that every object inherits, as it is now. */
function inherited(): readonly unknown[] {
  const all = [
    Object,
    Array,
    Map,
    Set,
    String,
    Number,
    Boolean,
    BigInt,
    Function,
    Uint8Array,
    Date,
    RegExp,
    Error,
    Promise,
  ];
  return all.flatMap(({ prototype }) => [
    Object.getPrototypeOf(prototype),
    ...Reflect.ownKeys(prototype).flatMap((name) => {
      const descriptor: object = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
      return [name, ...Object.entries(descriptor).flat()];
    }),
  ]);
}

function sameAs(before: readonly unknown[]): boolean {
  const now = inherited();
  return now.length === before.length && now.every((each, index) => Object.is(each, before[index]));
}

/** The records, lists and maps of a decoded value. */
function* objectsIn(value: unknown): Generator<object> {
  if (typeof value !== "object" || value === null) return;
  yield value;
  if (!(value instanceof Uint8Array)) for (const each of Object.values(value)) yield* objectsIn(each);
}

function decodeAll(entity: Entity<object, object>, codec: CodecName, bytes: Uint8Array): void {
  for (const path of PATHS) {
    try {
      const value = decodePayload(entity, codec, bytes, "lenient", path);
      for (const object of objectsIn(value)) {
        if (!OURS.has(Object.getPrototypeOf(object)))
          throw new Error(`${entity.record.entity}: found another prototype`);
      }
    } catch (error) {
      if (!isCachepactError(error)) throw error;
    }
  }
}

test.each(CODECS)(
  `decoding mutants of %s changes no prototype and gives none, seed ${seed}`,
  { timeout: 120_000 },
  (codec) => {
    const before = inherited();
    const records = entities.map(({ record }) => record);
    for (const { record, bytes } of fc.sample(mutant(records, codec), { seed, numRuns: Math.min(cases, 20_000) })) {
      const entity = entities.find((each) => each.record === record) as Entity<object, object>;
      decodeAll(entity, codec, bytes);
    }
    expect(sameAs(before)).toBe(true);
  },
);

test.each(NAMES)("%s is a name like any other, in members and in keys of maps", (name) => {
  const before = inherited();
  const entity = entities.find(({ record }) => record.entity === "all-types") as Entity<object, object>;
  const { record } = entity;
  const quoted = JSON.stringify(name);
  const json = [
    `{"id":1,${quoted}:{"polluted":1}}`,
    `{"id":1,"part":{"label":"a",${quoted}:{"polluted":1}}}`,
    `{"id":1,"labels":{${quoted}:"polluted"}}`,
    `{"id":1,"named":{${quoted}:{"label":"polluted"}}}`,
    `{"id":1,"zz":{${quoted}:{${quoted}:{"polluted":1}}}}`,
  ];
  for (const text of json) decodeAll(entity, "json", Buffer.from(text));
  for (const codec of CODECS) {
    const value = { id: "1", labels: [[name, "own"]], named: [[name, { label: "own" }]] };
    const bytes = payloadOf({ record, value }, codec);
    for (const path of PATHS) {
      const { labels, named } = decodePayload(entity, codec, bytes, "strict", path) as {
        labels: Readonly<Record<string, string>>;
        named: Readonly<Record<string, { label: string }>>;
      };
      expect([Object.keys(labels), labels[name]]).toEqual([[name], "own"]);
      expect([Object.keys(named), named[name]?.label]).toEqual([[name], "own"]);
      expect([Object.getPrototypeOf(labels), Object.getPrototypeOf(named)]).toEqual([null, null]);
    }
  }
  expect("polluted" in {}).toBe(false);
  expect(sameAs(before)).toBe(true);
});
