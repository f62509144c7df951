import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";

import { buildContract } from "../src/compile.ts";
import { baselineOf, filesOf, withoutTypesOf } from "../src/descriptors.ts";
import { loadConfig } from "../src/index.ts";
import { registryOf } from "../src/registry.ts";
import { scratch } from "./scratch-contract.ts";

const FILES = {
  "proto/a/v1/a.proto": `syntax = "proto3";
package a.v1;
import "shared/v1/shared.proto";
// The first.
message First {
  Own own = 1;
  shared.v1.Shared shared = 2;
  Inner inner = 3;
  Second.Inside inside = 4;
  map<string, Own> owns = 5;
  message Inner { Color color = 1; }
}
message Own { Color color = 1; }
enum Color { COLOR_UNSPECIFIED = 0; }
message Second {
  message Inside { string text = 1; }
  shared.v1.Shared shared = 1;
}
message Stranger { Second second = 1; }
`,
  "proto/b/v1/alone.proto": `syntax = "proto3";
package b.v1;
message Alone { Other other = 1; }
message Other { string text = 1; }
`,
  "proto/shared/v1/shared.proto": `syntax = "proto3";
package shared.v1;
message Shared { string text = 1; }
`,
};

async function image(): Promise<Uint8Array> {
  return (await buildContract(loadConfig(scratch(FILES)))).image;
}

function messagesOf(bytes: Uint8Array): readonly string[] {
  return [...registryOf(bytes)]
    .filter((type) => type.kind === "message" || type.kind === "enum")
    .map(({ typeName }) => typeName)
    .filter((name) => !/^(google|cachepact)\./.test(name))
    .toSorted();
}

test("a baseline holds no comments and no lines, and every declaration", async () => {
  const built = await image();
  const baseline = baselineOf(built);
  expect(Buffer.from(built).includes("The first.")).toBe(true);
  expect(Buffer.from(baseline).includes("The first.")).toBe(false);
  expect(fromBinary(FileDescriptorSetSchema, baseline).file.every((file) => file.sourceCodeInfo === undefined)).toBe(
    true,
  );
  expect(messagesOf(baseline)).toEqual(messagesOf(built));
});

test("types of a message that has moved on are left out, but for those that others hold", async () => {
  const before = await image();
  const found = withoutTypesOf(before, new Set(["a.v1.First"]));
  const gone = messagesOf(before).filter((name) => !messagesOf(found).includes(name));
  expect(gone).toEqual(["a.v1.Color", "a.v1.First", "a.v1.First.Inner", "a.v1.Own", "a.v1.Second.Inside"]);
});

test("a message around one that others hold stays", async () => {
  const names = messagesOf(withoutTypesOf(await image(), new Set(["a.v1.Second"])));
  expect(names).toEqual(expect.arrayContaining(["a.v1.Second", "a.v1.Second.Inside", "shared.v1.Shared"]));
});

test("a file that is left empty goes, so that its package may change", async () => {
  const before = await image();
  const after = filesOf(withoutTypesOf(before, new Set(["b.v1.Alone"])));
  expect(filesOf(before).filter((file) => !after.includes(file))).toEqual(["b/v1/alone.proto"]);
});

test("nothing is left out for nobody", async () => {
  const before = await image();
  expect(withoutTypesOf(before, new Set())).toBe(before);
});
