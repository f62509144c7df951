import * as wire from "@cachepact/wire";
import { expect, test } from "vitest";

// What other packages and adopters build on. A name leaves this list only with a major version.
test("the public surface", () => {
  expect(Object.keys(wire).toSorted()).toEqual([
    "CachepactError",
    "FRAME_BASE_BYTES",
    "MAX_KEY_BYTES",
    "belongsTo",
    "channels",
    "checkNamespace",
    "codecById",
    "codecs",
    "decodeEntry",
    "decodeFrame",
    "decodePayload",
    "decodeWriteEvent",
    "defineEntity",
    "encodeEntry",
    "encodeFrame",
    "encodePayload",
    "encodeWriteItem",
    "entryKeys",
    "errors",
    "eventFrame",
    "fingerprintOf",
    "hasMagic",
    "idOf",
    "isCachepactError",
    "keyFromId",
    "logKeys",
    "metrics",
    "parseKey",
    "partitionOf",
    "propertyName",
    "scripts",
    "slot",
    "versionOf",
  ]);
});
