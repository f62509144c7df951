import { createHash } from "node:crypto";
import type { EntityRecord, Field, FieldType, MessageType } from "@cachepact/wire";
import { jcs } from "./jcs.ts";

/** Version of the schema's intermediate representation; it changes only together with every fingerprint. */
const IR_VERSION = 1;

/**
 * The first 4 bytes of SHA-256 over the schema's intermediate representation, as 8 hex digits.
 *
 * It names what two builds must share to read each other's payloads; `required`, `pii` and all timings are outside.
 */
export function fingerprint(record: Pick<EntityRecord, "generation" | "codec" | "schema">): string {
  const ir = {
    ir: IR_VERSION,
    message: record.schema.message,
    generation: record.generation,
    codec: record.codec,
    fields: record.schema.fields.map(fieldIr),
  };
  return createHash("sha256").update(jcs(ir)).digest("hex").slice(0, 8);
}

function fieldIr({ name, number, presence, type, jstype }: Field): object {
  const ir = { name, number, presence, type: typeIr(type) };
  return jstype === undefined ? ir : { ...ir, jstype };
}

function typeIr(type: FieldType): unknown {
  return typeof type === "object" && "fields" in type ? messageIr(type) : type;
}

function messageIr(type: MessageType): object {
  return { message: type.message, fields: type.fields.map(fieldIr) };
}
