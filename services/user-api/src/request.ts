import { type CachepactError, type Entity, type Field, isCachepactError } from "@cachepact/wire";
import { badRequest, HttpError } from "./errors.ts";

/** Ids travel as JSON numbers, so they end where a double is no longer exact. */
const ID_MAX = Number.MAX_SAFE_INTEGER;

/** Largest request body. The same as the payload limit of a user: what would not fit an entry is refused at the door. */
export const BODY_MAX_BYTES: number = 64 * 1024;

/**
 * The id of a path, in its one canonical form: `042` and `+42` are other texts for the same key, and refused.
 *
 * @throws {HttpError} 400 E_TYPE or E_RANGE, field `id`
 */
export function parseId(text: string): number {
  if (!/^(0|-?[1-9]\d*)$/.test(text)) throw badRequest("E_TYPE", "the id in the path is not a decimal integer", "id");
  const id = Number(text);
  if (Math.abs(id) > ID_MAX) throw badRequest("E_RANGE", `the id in the path is outside -${ID_MAX} to ${ID_MAX}`, "id");
  return id;
}

/** How a body may differ from the entity's own JSON. */
export interface BodyForm {
  /** Members that the service knows: a body that leaves one out gets this value, as JSON text. */
  readonly given: Readonly<Record<string, string>>;
  /** Members that a body must state although the contract has a default for them. */
  readonly required?: readonly string[];
}

/**
 * Reads a body as the contract's JSON: unknown members are ignored, order and white space are free.
 *
 * @param body the raw bytes; absent = no body was sent.
 * @throws {HttpError} 400 with the code and the field that the contract names; 413 when it fits no entry.
 */
export function parseBody<Value extends object>(
  entity: Entity<object, Value>,
  body: Uint8Array | undefined,
  form: BodyForm,
): Value {
  if (body === undefined || body.length === 0)
    throw badRequest("E_SYNTAX", "the request has no body: send the JSON of the contract");
  const { text, members } = outline(body);
  for (const field of members ? entity.record.schema.fields : []) inspect(field, members?.get(field.name), field.name);
  const value = refuseWhatTheContractRefuses(() =>
    entity.fromJson(members ? complete(text, members, form.given) : body),
  );
  for (const name of form.required ?? []) {
    if ((members?.get(name) ?? null) === null) throw badRequest("E_MISSING", `${name} is missing: send it`, name);
  }
  return value;
}

/** The text of a body and its top-level members; no members when it is no JSON object, which the contract then reports. */
function outline(body: Uint8Array): { text: string; members?: ReadonlyMap<string, unknown> } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    const parsed: unknown = JSON.parse(text);
    const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
    return isObject ? { text, members: new Map(Object.entries(parsed)) } : { text };
  } catch {
    return { text: "" };
  }
}

/** Writes the given members in front of the others, where the body has none of their own. The rest stays as it was sent. */
function complete(text: string, members: ReadonlyMap<string, unknown>, given: BodyForm["given"]): string {
  const added = Object.entries(given).filter(([name]) => !members.has(name));
  for (const name of Object.keys(given)) {
    if (members.get(name) === null) throw badRequest("E_TYPE", `${name} is null: send a value, or leave it out`, name);
  }
  if (added.length === 0) return text;
  const start = text.indexOf("{") + 1;
  const front = added.map(([name, json]) => `"${name}":${json}`).join(",");
  return `${text.slice(0, start)}${front}${members.size > 0 ? "," : ""}${text.slice(start)}`;
}

/**
 * Runs a check of the contract on a part of a request.
 *
 * Only here do the contract's codes mean that the client is at fault; anywhere else they are a failure of the service.
 */
export function refuseWhatTheContractRefuses<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!isCachepactError(error)) throw error;
    const message = complaintOf(error);
    if (error.code === "E_SIZE") throw new HttpError(413, error.code, message);
    throw badRequest(error.code, message, error.field);
  }
}

/** What the contract found, for whoever sent it. What it advises is for those who run the cache. */
function complaintOf(error: CachepactError): string {
  const [found = ""] = error.message.replace(`${error.code}: `, "").split("; ");
  return found
    .replace(/^(?:de|en)code (?:a value|text)/, "the body")
    .replace(/^(?:de|en)code field /, "")
    .replace(/^hold an? /, "the ");
}

/**
 * Refuses what a reader of the cache may overlook, but nobody should write: text that no database column holds, and enum
 * names that the contract does not know (a reader takes them for a newer writer's).
 */
function inspect({ type }: Field, member: unknown, path: string): void {
  const texts = [...stringsOf(member)];
  if (texts.some((text) => /\p{Surrogate}/u.test(text)))
    throw badRequest("E_SURROGATE", `${path} holds half of a surrogate pair: send whole characters`, path);
  if (texts.some((text) => text.includes("\0"))) {
    throw badRequest("E_TYPE", `${path} holds the character U+0000, which the database cannot store: remove it`, path);
  }
  if (typeof type !== "object") return;
  for (const part of Array.isArray(member) ? member : [member]) {
    if ("enum" in type && typeof part === "string" && !Object.hasOwn(type.values, part)) {
      throw badRequest("E_TYPE", `${path} is none of ${Object.keys(type.values).join(", ")}`, path);
    }
    if ("fields" in type && typeof part === "object" && part !== null) {
      for (const field of type.fields)
        inspect(field, (part as Record<string, unknown>)[field.name], `${path}.${field.name}`);
    }
  }
}

function* stringsOf(member: unknown): Generator<string> {
  if (typeof member === "string") yield member;
  if (typeof member !== "object" || member === null) return;
  for (const [name, part] of Object.entries(member)) {
    yield name;
    yield* stringsOf(part);
  }
}
