import { createHash } from "node:crypto";
import type { Field, FieldType, MessageType } from "@cachepact/wire";
import canonicalize from "canonicalize";
import { expect, test } from "vitest";
import { entities } from "./fixture.ts";

// SPEC 7, written a second time: the compiler has its own.
function typeIr(type: FieldType): unknown {
  if (typeof type === "string") return type;
  if ("enum" in type) return { enum: type.enum, values: type.values };
  return { message: type.message, fields: fieldsIr(type) };
}

function fieldsIr(message: MessageType): unknown {
  return message.fields.map(({ name, number, presence, type, jstype }: Field) => ({
    name,
    number,
    presence,
    type: typeIr(type),
    ...(jstype === undefined ? {} : { jstype }),
  }));
}

test.each(Object.entries(entities))("the fingerprint of %s is that of SPEC 7", (_, record) => {
  const { codec, generation, schema } = record;
  const ir = { ir: 1, message: schema.message, generation, codec, fields: fieldsIr(schema) };
  const digest = createHash("sha256")
    .update(String(canonicalize(ir)))
    .digest("hex");
  expect(record.fingerprint).toBe(digest.slice(0, 8));
});
