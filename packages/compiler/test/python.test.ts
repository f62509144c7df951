import { readFileSync } from "node:fs";
import path from "node:path";

import { describe, expect, test } from "vitest";

import { generate } from "../src/index.ts";
import { everything } from "./everything.ts";
import { ALL_OUTPUTS, entity, HEAD, put, refusal, scratch } from "./scratch-contract.ts";
import { tool } from "./toolchain.ts";

const CONSUMER = `
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal, assert_type

from cachepact import Entity
from shop_contracts import Address, AddressKind, CommonV1Order, LineColor, LineItem, OrderKey, ShopV1Order, Solo

value = ShopV1Order(
    id=1,
    created_at=datetime(2023, 11, 14, tzinfo=timezone.utc),
    other=CommonV1Order(note="n"),
    surely="x",
    list=[1],
    kinds=[AddressKind.KIND_HOME, 77],
    key_="k",
    class_="c",
    to_string="t",
    item=LineItem(sku="s", color=LineColor.COLOR_RED),
)
assert_type(value.bytes, bytes)
assert_type(value.float, float)
assert_type(value.datetime, datetime | None)
assert_type(value.created_at, datetime)
assert_type(value.address, Address | None)
assert_type(value.list, list[int])
assert_type(value.dict, dict[str, str])
assert_type(value.kinds, list[AddressKind | int])
assert_type(value.maybe_kind, AddressKind | int | None)
assert_type(value.int, str)
assert_type(value.i32, int)
assert_type(value.u64, int)
assert_type(value.s64, int)
assert_type(ShopV1Order.__cachepact__, Entity[OrderKey, ShopV1Order])

key = ShopV1Order.key(id=1, key_="k", class_="c", region="eu", token="t", tenant="u")
assert_type(key, OrderKey)
assert_type(key.region, Literal["eu", "US-2"])
assert hash(key) == hash(ShopV1Order.key(id=1, key_="k", class_="c", region="eu", token="t", tenant="u"))
assert value.address is None and value.addresses == [] and value.str == "" and not value.bool

entity = ShopV1Order.__cachepact__
text = entity.to_json(value)
assert json.loads(text)["key"] == "k" and json.loads(text)["class"] == "c"
assert entity.from_json(text) == value
for codec in ("json", "msgpack", "protobuf"):
    coder = entity.generated[codec]
    assert coder is not None
    assert coder.decode(coder.encode(value).data) == value
lock = json.loads(Path("contracts.lock.json").read_text())["entities"]
assert dict(entity.record.schema) == lock["order"]["schema"]
assert dict(Solo.__cachepact__.record.schema) == lock["solo"]["schema"]
print("all as the lock has it")
`;

describe("generated Python", () => {
  test("passes mypy --strict, has the promised types, and carries the schemas of the lock", {
    timeout: 120_000,
  }, async () => {
    const folder = everything();
    await generate(folder);
    put(folder, {
      "python/consumer.py": CONSUMER,
      "python/contracts.lock.json": readFileSync(path.join(folder, "contracts.lock.json"), "utf8"),
    });
    const python = path.join(folder, "python");
    expect(
      tool(
        "python",
        ["-m", "mypy", "--strict", "--cache-dir", path.join(folder, ".mypy"), "shop_contracts", "consumer.py"],
        python,
      ),
    ).toMatch(/^Success: no issues found in 8 source files$/);
    expect(tool("python", ["consumer.py"], python)).toBe("all as the lock has it");
  });

  test("is formatted, with sorted imports", async () => {
    const folder = everything();
    await generate(folder);
    const python = path.join(folder, "python");
    expect(
      tool("python", ["-m", "ruff", "format", "--isolated", "--no-cache", "--line-length=120", "--diff", "."], python),
    ).toBe("7 files already formatted");
    expect(
      tool(
        "python",
        ["-m", "ruff", "check", "--isolated", "--no-cache", "--select=E,F,I,UP", "--line-length=120", "."],
        python,
      ),
    ).toBe("All checks passed!");
  });

  // Every kind of field, with names that reach and pass the end of a line in each place where they stand.
  test.each([30, 44, 60])("is formatted with names of %i letters", async (length) => {
    const types =
      "int64 uint64 bool string bytes double google.protobuf.Timestamp Kind Part|optional int64|optional bool|" +
      "optional string|optional Kind|repeated int64|repeated Kind|repeated Part|repeated google.protobuf.Timestamp|" +
      "map<string, uint64>|map<string, double>|map<string, Part>|map<string, Kind>|repeated double";
    const all = types.split("|").flatMap((type, index) => (index === 0 ? type.split(" ") : [type]));
    const fields = all.map((type, n) => `  ${type} ${`f${n}_`.padEnd(length, "x")} = ${n + 2};`);
    const folder = scratch(
      {
        "proto/shop/v1/thing.proto":
          entity(`  string id = 1;\n${fields.join("\n")}`) +
          `message Part { optional double ${"p".padEnd(length, "x")} = 1; }\n` +
          "enum Kind { KIND_UNSPECIFIED = 0; }\n",
      },
      ALL_OUTPUTS,
    );
    await generate(folder);
    const python = path.join(folder, "python");
    const format = ["-m", "ruff", "format", "--isolated", "--no-cache", "--line-length=120", "--diff", "."];
    expect(tool("python", format, python)).toBe("3 files already formatted");
  });

  test("carries the comments of the protos as docstrings", async () => {
    const folder = everything();
    await generate(folder);
    const read = (name: string): string => readFileSync(path.join(folder, "python/shop_contracts", name), "utf8");
    expect(read("shop_v1.py")).toContain(
      '    """An order.\n\n      It has an indented second paragraph.\n\n    And a third.\n    """\n',
    );
    expect(read("shop_v1.py")).toContain('SafeInt = 0\n    """stands behind its field"""\n');
    expect(read("common_v1.py")).toContain('    """An address "quoted" with \\\\ and */ and \\"\\"\\"."""\n');
    expect(read("common_v1.py")).toContain(
      'class AddressKind(IntEnum):\n    """What it is good for."""\n\n    KIND_UNSPECIFIED = 0\n    """Not said."""\n',
    );
  });

  test("leaves control characters of comments out, which Python's source must not hold", async () => {
    const folder = scratch({
      "proto/shop/v1/thing.proto": entity("  string id = 1;").replace("message", "// a\0b\u001b\fc\td\nmessage"),
    });
    await generate(folder);
    expect(readFileSync(path.join(folder, "python/shop_contracts/shop_v1.py"), "utf8")).toContain('    """abc\td"""\n');
    expect(tool("python", ["-m", "compileall", "-q", "python"], folder)).toBe("");
  });

  test("is marked as typed, and its index names everything", async () => {
    const folder = scratch(
      {
        "proto/shop/v1/thing.proto": entity(
          "  Kind id = 2;\n  string name = 1;\n  enum Kind { KIND_UNSPECIFIED = 0; }",
          { key: '"thing:{name}"' },
        ),
      },
      ALL_OUTPUTS,
    );
    await generate(folder);
    expect(readFileSync(path.join(folder, "python/shop_contracts/py.typed"), "utf8")).toBe("");
    expect(readFileSync(path.join(folder, "python/shop_contracts/__init__.py"), "utf8")).toContain(
      'from .shop_v1 import Thing, ThingKey, ThingKind\n\n__all__ = ["Thing", "ThingKey", "ThingKind"]\n',
    );
  });

  test("refuses a file without a package, and packages that give one module", async () => {
    const none = scratch(
      { "proto/thing.proto": entity("  string id = 1;").replace("package shop.v1;", "") },
      ALL_OUTPUTS,
    );
    expect((await refusal(() => generate(none))).problems).toEqual([
      "proto/thing.proto:1: it has no package, which names its module; add one such as users.v1",
    ]);
    const index = scratch(
      { "proto/thing.proto": entity("  string id = 1;").replace("shop.v1", "__init__") },
      ALL_OUTPUTS,
    );
    expect((await refusal(() => generate(index))).problems).toEqual([
      "proto/thing.proto:1: package __init__ would replace the index of the Python package; rename it",
    ]);
    const other = `${HEAD.replace("shop.v1", "shop_v1")}message Other { option (cachepact.v1.entry) = { key: "other" codec: CODEC_JSON framing: FRAMING_PLAIN ttl_ms: 1 }; }`;
    const same = scratch({ "proto/a.proto": entity("  string id = 1;"), "proto/b.proto": other }, ALL_OUTPUTS);
    expect((await refusal(() => generate(same))).problems).toEqual([
      "proto/b.proto:1: package shop_v1 and shop.v1 give one module; rename one",
    ]);
  });

  test("refuses packages that import each other, as Python modules cannot", async () => {
    const folder = scratch(
      {
        "proto/shop/v1/thing.proto": entity("  string id = 1;\n  common.v1.Part part = 2;").replace(
          "\nimport",
          '\nimport "common/v1/part.proto";\nimport',
        ),
        "proto/shop/v1/leaf.proto": 'syntax = "proto3"; package shop.v1; message Leaf { string id = 1; }',
        "proto/common/v1/part.proto":
          'syntax = "proto3"; package common.v1; import "shop/v1/leaf.proto"; message Part { shop.v1.Leaf leaf = 1; }',
      },
      ALL_OUTPUTS,
    );
    expect((await refusal(() => generate(folder))).problems.join("\n")).toContain(
      "package common.v1 imports itself through another package; move what they share to a third",
    );
  });
});
