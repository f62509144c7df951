import { spawnSync } from "node:child_process";
import { type CodecName, codecs, decodePayload, type Entity, encodePayload } from "@cachepact/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GeneratedContract, goldenContract } from "./generated-contract.ts";
import { put } from "./scratch-contract.ts";
import { verdict } from "./verdict.ts";

const names: readonly CodecName[] = ["json", "msgpack", "protobuf"];

let golden: GeneratedContract;
let user: Entity<object, object>;
let allTypes: Entity<object, object>;

beforeAll(async () => {
  golden = await goldenContract();
  user = golden.entities.get("user") as Entity<object, object>;
  allTypes = golden.entities.get("all-types") as Entity<object, object>;
}, 60_000);

afterAll(() => golden?.remove());

function written(entity: Entity<object, object>, name: CodecName, value: object): Buffer {
  return Buffer.from(codecs[name].encode(entity.record.schema, value));
}

describe.each(names)("%s", (name) => {
  const encode = (entity: Entity<object, object>, value: object): Buffer | undefined => {
    const payload = entity.generated?.[name].encode(value);
    return payload && Buffer.from(payload.bytes);
  };

  test("a value whose getter encodes another value is written right", () => {
    const inner = { id: 2n, name: "inner" };
    let seen: Buffer | undefined;
    expect(encode(user, inner)).toEqual(written(user, name, inner));
    // While the map is written, not before.
    const preferences = {
      get a() {
        seen = encode(user, inner);
        return "outer";
      },
    };
    const value = { id: 1n, email: "e", preferences, roles: ["a", "b"] };
    expect(encode(user, value)).toEqual(written(user, name, { ...value, preferences: { a: "outer" } }));
    expect(seen).toEqual(written(user, name, inner));
  });

  test("an error of a getter is the caller's to see", () => {
    const value = {
      id: 1n,
      get name(): string {
        throw new Error("mine");
      },
    };
    expect(user.generated?.[name].encode(value)).toBeUndefined();
    expect(() => encodePayload(user, name, value)).toThrow("mine");
    expect(encode(user, { id: 3n })).toEqual(written(user, name, { id: 3n }));
  });

  test("what a writer gave back does not change when it writes again", () => {
    const first = user.generated?.[name].encode({ id: 1n, name: "first" })?.bytes;
    const copy = Buffer.from(first ?? []);
    encode(user, { id: 2n, name: "second" });
    expect(Buffer.from(first ?? [])).toEqual(copy);
  });

  test("bytes of a decoded value do not lie in the payload", () => {
    const payload = written(allTypes, name, { id: 1, data: Uint8Array.of(1, 2, 3), chunks: [Uint8Array.of(4)] });
    const value = allTypes.generated?.[name].decode(payload) as { data: Uint8Array; chunks: Uint8Array[] };
    payload.fill(0xff);
    expect(value.data).toStrictEqual(Uint8Array.of(1, 2, 3));
    expect(value.chunks).toStrictEqual([Uint8Array.of(4)]);
  });

  test("a payload is read wherever it lies, as Buffer and as Uint8Array", () => {
    const bytes = written(user, name, { id: 42n, name: "Zoë" });
    const around = Buffer.concat([Buffer.from("xx"), bytes, Buffer.from("yy")]);
    const expected = expect.objectContaining({ id: 42n, name: "Zoë" });
    expect(user.generated?.[name].decode(around.subarray(2, 2 + bytes.length))).toEqual(expected);
    expect(user.generated?.[name].decode(new Uint8Array(around).subarray(2, 2 + bytes.length))).toEqual(expected);
  });

  test("each byte of a payload, changed, is judged as by the interpreter", () => {
    const bytes = written(user, name, { id: 1n, email: "e", createdAt: 5, roles: ["r"], preferences: { k: "v" } });
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      const read = (path: "generated" | "interpreter") =>
        verdict(() => decodePayload(user, name, changed, "lenient", path));
      expect(read("generated")).toEqual(read("interpreter"));
    }
  });

  test("ASCII and other text in turn are each read right", () => {
    for (const text of ["Ada", "Zoë", "日本", "Ada", "\u{1F600}", "\ufffd", "Zoë", "Zo\u0080", "Ada"]) {
      const bytes = written(user, name, { id: 1n, name: text, preferences: { [text]: text } });
      expect(user.generated?.[name].decode(bytes)).toMatchObject({ name: text, preferences: { [text]: text } });
    }
  });

  test("a byte that is no UTF-8 is never read as text", () => {
    const bytes = written(user, name, { id: 1n, name: "abc~def" });
    bytes[bytes.indexOf("~")] = 0xe9;
    expect(user.generated?.[name].decode(bytes)).toBeUndefined();
    expect(verdict(() => decodePayload(user, name, bytes, "lenient"))).toEqual({ code: "E_UTF8" });
    expect(user.generated?.[name].decode(written(user, name, { id: 1n }))).toMatchObject({ id: 1n });
  });

  test.each([0, 1, 31, 32, 33, 42, 43, 127, 128, 255, 256, 5461, 16_383, 16_384, 65_535, 65_536, 300_000])(
    "strings of %d units",
    (length) => {
      for (const unit of ["x", "é", "\u{1F600}"]) {
        const value = { id: 1n, name: unit.repeat(length), roles: [`${unit.repeat(length)}y`] };
        expect(encode(user, value)?.equals(written(user, name, value))).toBe(true);
      }
    },
  );

  test.each([14, 15, 16, 17, 33, 300])("lists and maps of %d", (count) => {
    const keys = Array.from({ length: count }, (_, index) => `key${(index * 7919) % count}`);
    const value = { id: 1, words: keys, counts: Object.fromEntries(keys.map((key) => [key, 1n])) };
    const bytes = written(allTypes, name, value);
    expect(encode(allTypes, value)?.equals(bytes)).toBe(true);
    expect(allTypes.generated?.[name].decode(bytes)).toMatchObject({ words: keys, counts: value.counts });
  });

  test.each([65_535, 65_536])("lists of %d", (count) => {
    const value = { id: 1, answers: Array.from({ length: count }, (_, index) => index % 3 === 0) };
    const bytes = written(allTypes, name, value);
    expect(encode(allTypes, value)?.equals(bytes)).toBe(true);
    const decoded = allTypes.generated?.[name].decode(bytes) as typeof value;
    expect(decoded.answers.join()).toBe(value.answers.join());
  });

  test("maps in an order that is remembered, and in another one", () => {
    for (const preferences of [
      { b: "1", a: "2" },
      { b: "3", a: "4" },
      { a: "5", b: "6" },
      { b: "7", c: "8" },
    ]) {
      expect(encode(user, { id: 1n, preferences })).toEqual(written(user, name, { id: 1n, preferences }));
    }
  });

  test("maps whose orders by UTF-16 and by UTF-8 differ", () => {
    const preferences = {
      "\ue000": "1",
      "\u{10000}": "2",
      "\ud7ff": "3",
      10: "4",
      9: "5",
      ["__proto__"]: "6",
      "": "7",
    };
    const value = { id: 1n, preferences };
    expect(encode(user, value)).toEqual(written(user, name, value));
    expect(user.generated?.[name].decode(written(user, name, value))).toMatchObject({ preferences });
  });

  test.each([
    ["a hole in a list", { id: 1n, roles: Array.from({ length: 2 }).fill("x", 0, 1) }],
    ["an array of holes", { id: 1n, roles: Array(2) }],
    ["a Map", { id: 1n, preferences: new Map([["a", "b"]]) }],
    [
      "a class instance as a map",
      {
        id: 1n,
        preferences: new (class Labels {
          a = "b";
        })(),
      },
    ],
    ["a list as a map", { id: 1n, preferences: [] }],
    ["a list as the value", []],
    ["bytes as the value", new Uint8Array(0)],
    ["a function as the value", () => undefined],
    ["an unknown property", { id: 1n, nmae: "x" }],
    ["an unknown property beside one that does not enumerate", hidden({ id: 1n, nmae: "x" }, "name", "y")],
    ["null", { id: 1n, name: null }],
  ])("abstains for %s, and the interpreter decides", (_, value) => {
    expect(user.generated?.[name].encode(value)).toBeUndefined();
    const decided = verdict(() => encodePayload(user, name, value, "interpreter"));
    expect(verdict(() => encodePayload(user, name, value))).toEqual(decided);
    expect(decided).toHaveProperty("code");
  });

  test.each([
    ["a property that is undefined", { id: 1n, name: undefined, createdAt: undefined }],
    ["an object without prototype", Object.assign(Object.create(null), { id: 1n, name: "x" })],
    [
      "an instance with getters",
      new (class Row {
        id = 1n;
        get name() {
          return "x";
        }
      })(),
    ],
    ["a frozen value", Object.freeze({ id: 1n, roles: Object.freeze(["x"]) })],
  ])("writes %s", (_, value) => {
    expect(encode(user, value)).toEqual(written(user, name, value));
  });
});

function hidden(value: object, property: string, content: string): object {
  return Object.defineProperty(value, property, { value: content, enumerable: false });
}

test("generated codecs need neither eval nor the property __proto__", () => {
  put(golden.folder, {
    "hardened.ts": `
      import { decodePayload, encodePayload } from "@cachepact/wire";
      import { User } from "./src/gen/index.ts";
      const value = { id: 1n, email: "é", name: "n", roles: ["r"], preferences: { ["__proto__"]: "p" }, balance: 2n };
      for (const name of ["json", "msgpack", "protobuf"] as const) {
        const { bytes } = encodePayload(User, name, value);
        const generated = User.generated?.[name].decode(bytes);
        if (generated?.preferences["__proto__"] !== "p") throw new Error(name);
        if (decodePayload(User, name, bytes, "strict").balance !== 2n) throw new Error(name);
      }
      process.stdout.write("hardened");
    `,
  });
  const flags = [
    "--disallow-code-generation-from-strings",
    "--disable-proto=delete",
    "--conditions=@cachepact/source",
    "--no-warnings",
  ];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, "hardened.ts"], {
    cwd: golden.folder,
    encoding: "utf8",
  });
  expect(stderr + stdout).toBe("hardened");
});
