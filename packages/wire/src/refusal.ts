import { CachepactError } from "./errors.ts";
import { type ErrorCode, errors } from "./gen/errors.ts";

/** What a value is, for messages: its type, never itself. */
export function describe(raw: unknown): string {
  if (raw === null) return "null";
  if (raw === undefined) return "nothing";
  if (Array.isArray(raw)) return "an array";
  if (raw instanceof Uint8Array) return "bytes";
  if (typeof raw === "object") return raw instanceof Date ? "a Date" : "an object";
  return typeof raw === "boolean" ? "a bool" : `a ${typeof raw}`;
}

/** The path of a member by proto names; the root has none. */
export function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function subject(action: "encode" | "decode", path: string): string {
  return path === "" ? `${action} a value` : `${action} field ${path}`;
}

/** Throws: a value that cannot be written. The remedy is the vocabulary's. */
export function refuseEncode(code: ErrorCode, path: string, found: string): never {
  throw new CachepactError(code, `${subject("encode", path)}: ${found}; ${errors[code].remedy}`, {
    field: path === "" ? undefined : path,
  });
}

/** Throws: bytes that cannot be read as the schema's value. */
export function refuseDecode(code: ErrorCode, path: string, found: string, cause?: unknown): never {
  throw new CachepactError(code, `${subject("decode", path)}: ${found}; ${errors[code].remedy}`, {
    field: path === "" ? undefined : path,
    cause,
  });
}
