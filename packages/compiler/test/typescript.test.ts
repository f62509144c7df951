import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";

import { describe, expect, test } from "vitest";

import { generate } from "../src/index.ts";
import { everything } from "./everything.ts";
import { ALL_OUTPUTS, entity, HEAD, put, refusal, scratch } from "./scratch-contract.ts";
import { packageFolder, TSCONFIG, tool } from "./toolchain.ts";

const CONSUMER = `
import { readFileSync } from "node:fs";
import { AddressKind, LineColor, ShopV1Order, Solo } from "./src/gen/index.ts";
import type { Address, CommonV1Order, Entity_, OrderKey, SoloKey } from "./src/gen/index.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(): T | undefined => undefined;

holds<Same<ShopV1Order["id"], bigint>>();
holds<Same<ShopV1Order["s64"], number>>();
holds<Same<ShopV1Order["u64"], bigint>>();
holds<Same<ShopV1Order["bytes"], Uint8Array>>();
holds<Same<ShopV1Order["datetime"], number | undefined>>();
holds<Same<ShopV1Order["createdAt"], number>>();
holds<Same<ShopV1Order["other"], CommonV1Order>>();
holds<Same<ShopV1Order["surely"], string>>();
holds<Same<ShopV1Order["list"], readonly bigint[]>>();
holds<Same<ShopV1Order["counts"], Readonly<Record<string, bigint>>>>();
holds<Same<ShopV1Order["byName"], Readonly<Record<string, Address>>>>();
holds<Same<ShopV1Order["entity"], Entity_ | undefined>>();
holds<Same<OrderKey["region"], "eu" | "US-2">>();
holds<Same<OrderKey["id"], bigint>>();
holds<Same<OrderKey["tenant"], string>>();
holds<Same<SoloKey, {}>>();

const value: ShopV1Order = {
  id: 1n, i32: 1, u32: 2, s32: -3, u64: 4n, s64: 5, bool: true, str: "s", bytes: new Uint8Array([1]), float: 0.5,
  createdAt: 1700000000000, other: { note: "n" }, address: undefined, surely: "x", list: [1n], addresses: [], times: [],
  kinds: [AddressKind.KIND_HOME, 77], dict: {}, counts: {}, byName: {}, seen: {}, kindOf: {}, key: "k", class: "c", cls: "",
  classmethod: "", int: "", toString: "t", constructor: "c", item: { sku: "s", color: LineColor.COLOR_RED }, region: "eu", token: "",
};
// @ts-expect-error required fields are not optional
({ ...value, createdAt: undefined }) satisfies ShopV1Order;
// @ts-expect-error values are read only
export const assign = (): bigint => (value.id = 2n);

const back = ShopV1Order.fromJson(ShopV1Order.toJson(value));
if (back.toString !== "t" || back.id !== 1n || back.kinds[1] !== 77) throw new Error("the value did not come back");
const lock = JSON.parse(readFileSync("contracts.lock.json", "utf8")).entities;
for (const each of [ShopV1Order, Solo]) {
  const sorted = (item: unknown): unknown =>
    typeof item !== "object" || item === null || Array.isArray(item)
      ? Array.isArray(item) ? item.map(sorted) : item
      : Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]));
  const { entity } = each.record;
  if (JSON.stringify(sorted(each.record)) !== JSON.stringify(lock[entity])) throw new Error(entity);
}
process.stdout.write("all as the lock has it");
`;

describe("generated TypeScript", () => {
  test("compiles with isolated declarations, has the promised types, and carries the records of the lock", async () => {
    const folder = everything();
    await generate(folder);
    mkdirSync(path.join(folder, "node_modules/@cachepact"), { recursive: true });
    symlinkSync(packageFolder("wire"), path.join(folder, "node_modules/@cachepact/wire"));
    put(folder, {
      "package.json": '{ "type": "module" }',
      "tsconfig.json": JSON.stringify({
        extends: TSCONFIG,
        include: ["src", "consumer.ts"],
        compilerOptions: { typeRoots: [`${packageFolder("wire")}/node_modules/@types`] },
      }),
      "consumer.ts": CONSUMER,
    });
    expect(tool("tsc", ["-p", "."], folder)).toBe("");
    expect(tool("node", ["consumer.ts"], folder)).toBe("all as the lock has it");
  });

  test("is formatted, with sorted imports", async () => {
    const folder = everything();
    await generate(folder);
    put(folder, {
      "biome.json": JSON.stringify({
        formatter: { indentStyle: "space", indentWidth: 2, lineWidth: 120 },
        linter: { enabled: false },
        assist: { actions: { source: { organizeImports: "on" } } },
      }),
    });
    expect(tool("biome", ["check", "--error-on-warnings", "src"], folder)).toMatch(
      /^Checked 9 files in \S+ No fixes applied\.$/,
    );
  });

  test("carries the comments of the protos as docstrings", async () => {
    const folder = everything();
    await generate(folder);
    const order = readFileSync(path.join(folder, "src/gen/shop/v1/order.ts"), "utf8");
    expect(order).toContain(
      "/**\n * An order.\n *\n *   It has an indented second paragraph.\n *\n * And a third.\n */\nexport interface Order {",
    );
    expect(order).toContain("  /** stands behind its field */\n  readonly s64: number;");
    expect(order).toContain("  /** Epoch milliseconds. */\n  readonly createdAt: number;");
    const common = readFileSync(path.join(folder, "src/gen/common/v1/common.ts"), "utf8");
    expect(common).toContain('/** An address "quoted" with \\ and * / and """. */\nexport interface Address {');
    expect(common).toContain(
      "/** What it is good for. */\nexport const AddressKind = {\n  /** Not said. */\n  KIND_UNSPECIFIED: 0,",
    );
  });

  test.each([
    [
      "a nested name that another message has",
      "message ThingInner {}\n",
      "Inner inner = 2; ThingInner other = 3; message Inner {}",
      "ThingInner",
    ],
    ["a message that is named as another's key", "message ThingKey {}\n", "ThingKey other = 2;", "ThingKey"],
  ])("refuses %s", async (_, message, fields, name) => {
    const folder = scratch(
      { "proto/shop/v1/thing.proto": `${entity(`  string id = 1;\n  ${fields}`)}${message}` },
      ALL_OUTPUTS,
    );
    expect((await refusal(() => generate(folder))).problems).toEqual([
      `proto/shop/v1/thing.proto:1: two declarations of its package generate the name ${name}; rename one`,
    ]);
  });

  test("refuses a proto that would replace the index", async () => {
    const folder = scratch(
      { "proto/index.proto": entity("  string id = 1;") },
      { ...(ALL_OUTPUTS as object), python: undefined },
    );
    expect((await refusal(() => generate(folder))).problems[0]).toContain("proto/index.proto:1: ");
  });

  test("a proto without entities or their types gives no module", async () => {
    const folder = scratch({
      "proto/shop/v1/thing.proto": entity("  string id = 1;"),
      "proto/shop/v1/rpc.proto": `${HEAD}message Request { string id = 1; }`,
    });
    expect((await generate(folder)).written).not.toContain("src/gen/shop/v1/rpc.ts");
  });
});
