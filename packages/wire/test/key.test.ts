import {
  channels,
  checkNamespace,
  type EntityRecord,
  entryKeys,
  idOf,
  type KeyParam,
  keyFromId,
  logKeys,
  parseKey,
  partitionOf,
  propertyName,
  slot,
} from "@cachepact/wire";
import { keyFromNeutral, type Neutral } from "@cachepact/wire/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scalarArbitrary, textArbitrary } from "./arbitrary.ts";
import { type Case, entityRecord, ofKind } from "./fixture.ts";
import { thrown } from "./thrown.ts";

type Shape = Readonly<Record<string, Neutral>>;

function keyInput(each: Case): [record: EntityRecord, namespace: string, key: object] {
  const record = entityRecord(each["entity"]);
  return [record, String(each["namespace"]), keyFromNeutral(record, each["key"] as Shape)];
}

describe("keys of the fixtures", () => {
  for (const each of ofKind("keys", "key")) {
    test(each.name, () => {
      const [record, namespace, key] = keyInput(each);
      const generation = each["generation"] as number | undefined;
      const keys = entryKeys(record, namespace, key, generation);
      const { id, value, lease, floor, writers } = keys;
      expect({ id, value, lease, floor, writers }).toEqual({
        id: each["id"],
        value: each["value"],
        lease: each["lease"],
        floor: each["floor"],
        writers: each["writers"],
      });
      const log = keys.log === null ? null : { ...keys.log, ops_a: keys.log.opsA, ops_b: keys.log.opsB };
      if (log === null) expect(each["log"]).toBeNull();
      else expect(log).toMatchObject(each["log"] as object);
      const all = [value, lease, floor, writers];
      if (keys.log !== null) all.push(keys.log.wb, keys.log.dirty, keys.log.meta, keys.log.opsA, keys.log.opsB);
      for (const one of all) expect(slot(one)).toBe(each["slot"]);
      if (generation === undefined) expect(parseKey(record, namespace, value)).toEqual(key);
      expect(keyFromId(record, id)).toEqual(key);
    });
  }

  for (const each of ofKind("keys", "key-one-way")) {
    test(each.name, () => {
      const { id, value } = entryKeys(...keyInput(each));
      expect({ id, value, slot: slot(value) }).toEqual({ id: each["id"], value: each["value"], slot: each["slot"] });
    });
  }

  for (const each of ofKind("keys", "key-reject")) {
    test(`${each.name}: ${String(each["error"])}`, () => {
      expect(thrown(() => entryKeys(...keyInput(each)))).toBe(each["error"]);
    });
  }

  for (const each of ofKind("keys", "parse-reject")) {
    test(`${each.name}: ${String(each["error"])}`, () => {
      const record = entityRecord(each["entity"]);
      expect(thrown(() => parseKey(record, String(each["namespace"]), String(each["text"])))).toBe(each["error"]);
    });
  }

  test.each(ofKind("keys", "slot"))("$name: $why", (each) => {
    expect(slot(String(each["key"]))).toBe(each["slot"]);
  });

  test.each(ofKind("keys", "channels"))("$name", (each) => {
    expect(channels(String(each["namespace"]))).toEqual({ l1: each["l1"], wake: each["wake"] });
  });

  test.each(ofKind("keys", "partition"))("$name", (each) => {
    expect(partitionOf(entityRecord(each["entity"]), String(each["id"]))).toBe(each["partition"]);
  });
});

test("slots are those that CLUSTER KEYSLOT gave", () => {
  expect(slot("acme:user@3:42")).toBe(5736);
  expect(slot("{acme:user@3:42}@lock")).toBe(5736);
  expect(slot("acme:session@1:{42}:abc")).toBe(8000);
  expect(slot("42")).toBe(8000);
  // The check value of CRC16/XMODEM is 31c3.
  expect(slot("123456789")).toBe(0x31c3 % 16384);
});

describe("namespaces", () => {
  test.each(["", "a", "acme", "a.b-c_9", "a".repeat(40)])("%j is one", (namespace) => {
    expect(thrown(() => checkNamespace(namespace))).toBeUndefined();
  });

  test.each(["A", "9", "-a", "a:b", "a{", "a@1", "a b", "ä", "a".repeat(41), "a\n"])("%j is none", (namespace) => {
    expect(thrown(() => checkNamespace(namespace))).toBe("E_OPTION");
    expect(thrown(() => channels(namespace))).toBe("E_OPTION");
    expect(thrown(() => logKeys(entityRecord("setting"), namespace, 0))).toBe("E_OPTION");
  });
});

describe("partitions", () => {
  const record = entityRecord("setting");

  test("every partition has its own tag, two digits at least", () => {
    const tags = Array.from({ length: record.partitions }, (_, partition) => logKeys(record, "acme", partition).tag);
    expect(tags[7]).toBe("{acme.settings.p07}");
    expect(new Set(tags).size).toBe(record.partitions);
    expect(logKeys({ ...record, partitions: 200 }, "", 123).tag).toBe("{settings.p123}");
  });

  test.each([-1, 16, 1.5, Number.NaN])("%d is no partition of 16", (partition) => {
    expect(thrown(() => logKeys(record, "", partition))).toBe("E_KEY");
  });

  test("an entity without a log has none", () => {
    expect(thrown(() => partitionOf(entityRecord("user"), "42"))).toBe("E_PATTERN");
    expect(thrown(() => logKeys(entityRecord("user"), "", 0))).toBe("E_PATTERN");
  });

  test("ids spread over all partitions", () => {
    const found = new Set(Array.from({ length: 400 }, (_, id) => partitionOf(record, `${id}:theme`)));
    expect(found.size).toBe(16);
  });
});

test("a whole key has 512 bytes at most", () => {
  const text: KeyParam = { param: "a", type: "string", max_bytes: 400, transforms: [] };
  const record = { ...entityRecord("user"), key: [text, { ...text, param: "b" }] };
  const [stem] = entryKeys(record, "", { a: "x", b: "x" }).value.split("x");
  const room = 512 - (stem as string).length - 1;
  const key = (length: number): object => ({ a: "x".repeat(300), b: "x".repeat(length - 300) });
  expect(entryKeys(record, "", key(room)).value).toHaveLength(512);
  expect(thrown(() => entryKeys(record, "", key(room + 1)))).toBe("E_TOO_LONG");
});

test("an entity without parameters has one key", () => {
  const record = { ...entityRecord("note"), key: [] };
  expect(entryKeys(record, "acme", {})).toMatchObject({ id: "", value: "acme:note", lease: "{acme:note}@lease" });
  expect(parseKey(record, "acme", "acme:note")).toEqual({});
});

test("a key that is no object is refused", () => {
  for (const key of [42, "42", null, undefined]) {
    expect(thrown(() => entryKeys(entityRecord("user"), "", key as never))).toBe("E_TYPE");
  }
});

test("a property that every object inherits is no parameter", () => {
  const param: KeyParam = { param: "constructor", type: "string", max_bytes: 128, transforms: [] };
  expect(thrown(() => entryKeys({ ...entityRecord("user"), key: [param] }, "", {}))).toBe("E_MISSING");
});

const UUID = fc.uuid();

const paramArbitrary: fc.Arbitrary<readonly [param: Omit<KeyParam, "param">, value: fc.Arbitrary<unknown>]> = fc.oneof(
  fc
    .tuple(fc.constantFrom("int32", "uint32", "sint32", "int64", "uint64", "sint64"), fc.boolean())
    .map(([type, asNumber]) => {
      const long = type.endsWith("64") && asNumber;
      const param = { type, max_bytes: 128, transforms: [], ...(long ? { jstype: "number" } : {}) };
      return [param as unknown as Omit<KeyParam, "param">, scalarArbitrary(type, long)] as const;
    }),
  fc.constant([
    { type: "string" as const, max_bytes: 128, transforms: [] },
    textArbitrary.filter((text) => text !== "" && text.length < 30),
  ] as const),
  fc.constant([{ type: "bool" as const, max_bytes: 128, transforms: [] }, fc.boolean()] as const),
  fc.constant([
    { type: "bytes" as const, max_bytes: 128, transforms: [] },
    fc.uint8Array({ minLength: 1, maxLength: 20 }),
  ] as const),
  fc.constant([{ type: "uuid" as const, max_bytes: 128, transforms: [] }, UUID] as const),
  fc.constant([
    { type: "enum" as const, max_bytes: 128, transforms: [], values: ["eu", "us"] },
    fc.constantFrom("eu", "us"),
  ] as const),
);

/** A record with a random key template, and two random keys of it. */
const templateWithKeys = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom("a", "b_c", "user_id"), { minLength: 1, maxLength: 3 }),
    fc.array(paramArbitrary, { minLength: 3, maxLength: 3 }),
    fc.boolean(),
    fc.constantFrom(null, "log"),
    fc.constantFrom("", "acme", "x.y"),
    fc.integer({ min: 0, max: 3 }),
  )
  .chain(([names, params, tagged, log, namespace, generation]) => {
    const chosen = names.map((name, index) => ({ name, param: params[index] as (typeof params)[number] }));
    const segments = chosen.flatMap(({ name, param: [param] }, index) => [
      { ...param, param: name, ...(tagged && index === 0 ? { hash_tag: true as const } : {}) },
      ...(index === 0 ? [{ literal: "page" }] : []),
    ]);
    const record = { ...entityRecord("user"), generation, key: segments, log, partitions: log === null ? 0 : 7 };
    const one = fc.record(Object.fromEntries(chosen.map(({ name, param: [, value] }) => [propertyName(name), value])));
    return fc.tuple(fc.constant(record), fc.constant(namespace), one, one);
  });

describe("any key of any template", () => {
  test("parse is the inverse of build", () => {
    fc.assert(
      fc.property(templateWithKeys, ([record, namespace, key]) => {
        const keys = entryKeys(record, namespace, key);
        expect(parseKey(record, namespace, keys.value)).toEqual(key);
        expect(keyFromId(record, keys.id)).toEqual(key);
        expect(idOf(record, key)).toBe(keys.id);
      }),
      { numRuns: 400 },
    );
  });

  test("two keys are equal only if their parameters are", () => {
    fc.assert(
      fc.property(templateWithKeys, ([record, namespace, one, other]) => {
        const same = entryKeys(record, namespace, one).value === entryKeys(record, namespace, other).value;
        const text = (key: object): string =>
          JSON.stringify(key, (_, value: unknown) =>
            typeof value === "bigint"
              ? `${value}n`
              : value instanceof Uint8Array
                ? [...value]
                : Object.is(value, -0)
                  ? 0
                  : value,
          );
        expect(same).toBe(text(one) === text(other));
      }),
      { numRuns: 400 },
    );
  });

  test("all records of a key share its slot, and no parameter brings a brace, an @ or a separator", () => {
    fc.assert(
      fc.property(templateWithKeys, ([record, namespace, key]) => {
        const { id, value, lease, floor, writers, log } = entryKeys(record, namespace, key);
        const all = [value, lease, floor, writers, ...(log === null ? [] : [log.wb, log.dirty, log.meta, log.opsA])];
        expect(new Set(all.map(slot)).size).toBe(1);
        expect(id).toMatch(/^[A-Za-z0-9._~%:-]+$/);
        expect(id.split(":")).toHaveLength(Object.keys(key).length);
      }),
      { numRuns: 300 },
    );
  });

  test("any other text is refused or is itself the key of what it parses to", () => {
    fc.assert(
      fc.property(
        templateWithKeys,
        fc.nat(),
        fc.constantFrom("%", ":", "@", "{", "}", "0", "a", ""),
        (input, position, mark) => {
          const [record, namespace, key] = input;
          const { value } = entryKeys(record, namespace, key);
          const at = position % value.length;
          const text = value.slice(0, at) + mark + value.slice(at + 1);
          const code = thrown(() => {
            expect(entryKeys(record, namespace, parseKey(record, namespace, text)).value).toBe(text);
          });
          if (code !== undefined) expect(code).toBe("E_KEY");
        },
      ),
      { numRuns: 400 },
    );
  });
});
