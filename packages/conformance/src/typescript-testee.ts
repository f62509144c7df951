import { readFileSync } from "node:fs";
import {
  type CodecName,
  channels,
  decodeEntry,
  decodeFrame,
  decodePayload,
  decodeWriteEvent,
  type Entity,
  type EntryMeta,
  encodeEntry,
  encodeFrame,
  encodePayload,
  encodeWriteItem,
  entryKeys,
  eventFrame,
  type FrameHeader,
  isCachepactError,
  keyFromId,
  type LogKeys,
  parseKey,
  partitionOf,
  slot,
} from "@cachepact/wire";
import {
  fromNeutral,
  keyFromNeutral,
  keyToNeutral,
  type Neutral,
  NeutralFormError,
  type NeutralMembers,
  toNeutral,
} from "@cachepact/wire/testing";
import { isObject, PROTOCOL_VERSION } from "./protocol.ts";
import { type LoadedContract, loadContract } from "./typescript-contract.ts";

/** A request whose members are not those of PROTOCOL.md. */
class BadRequestError extends Error {}

type Json = Readonly<Record<string, unknown>>;
type Answer = Json | Promise<Json>;

let contract: LoadedContract | undefined;

const HEX = /^(?:[0-9a-f]{2})*$/;

/** The members of one request, each checked as it is read. */
class Members {
  readonly #json: Json;

  constructor(json: Json) {
    this.#json = json;
  }

  has(name: string): boolean {
    return this.#json[name] !== undefined;
  }

  any(name: string): Neutral {
    return this.has(name) ? (this.#json[name] as Neutral) : this.#refuse(name, "a value");
  }

  text(name: string, absent?: string): string {
    const value = this.has(name) ? this.#json[name] : absent;
    return typeof value === "string" ? value : this.#refuse(name, "text");
  }

  integer(name: string, absent?: number): number {
    const value = this.has(name) ? this.#json[name] : absent;
    return Number.isInteger(value) ? (value as number) : this.#refuse(name, "an integer");
  }

  bool(name: string): boolean {
    const value = this.has(name) ? this.#json[name] : false;
    return typeof value === "boolean" ? value : this.#refuse(name, "true or false");
  }

  members(name: string): NeutralMembers {
    const value = this.#json[name];
    return isObject(value) ? (value as NeutralMembers) : this.#refuse(name, "an object");
  }

  bytes(name: string, length?: number): Uint8Array {
    const text = this.text(name);
    const fits = HEX.test(text) && (length === undefined || text.length === length * 2);
    return fits ? new Uint8Array(Buffer.from(text, "hex")) : this.#refuse(name, "lower-case hex");
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[], absent?: Choice): Choice {
    const text = this.text(name, absent) as Choice;
    return choices.includes(text) ? text : this.#refuse(name, choices.join(" | "));
  }

  entity(): Entity<object, object> {
    if (contract === undefined) throw new BadRequestError("found no contracts; say hello first");
    const name = this.text("message", this.has("entity") ? this.text("entity") : undefined);
    return contract.get(name) ?? this.#refuse("message", "one of the contracts");
  }

  codec(record: Entity<object, object>["record"]): CodecName {
    return this.oneOf("codec", CODECS, record.codec);
  }

  #refuse(name: string, expected: string): never {
    throw new BadRequestError(`expected ${expected} as ${name}`);
  }
}

const CODECS: readonly CodecName[] = ["json", "msgpack", "protobuf"];
const PATHS = ["generated", "interpreter"] as const;
const MODES = ["lenient", "strict"] as const;

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function headerFrom(members: Members): FrameHeader {
  return {
    codec: members.integer("codec") as FrameHeader["codec"],
    negative: members.bool("negative"),
    dirty: members.bool("dirty"),
    ascii: members.bool("ascii"),
    fingerprint: new DataView(members.bytes("fingerprint", 4).buffer).getUint32(0),
    staleAtMs: members.integer("stale_at_ms", 0),
    version: members.integer("version", 0),
    createdAtMs: members.integer("created_at_ms", 0),
    costMs: members.integer("cost_ms", 0),
  };
}

function headerTo({ codec, negative, dirty, ascii, fingerprint, ...rest }: FrameHeader): Json {
  const { staleAtMs: stale_at_ms, version, createdAtMs: created_at_ms, costMs: cost_ms } = rest;
  const flags = { codec, negative, dirty, ascii, fingerprint: fingerprint.toString(16).padStart(8, "0") };
  return { ...flags, stale_at_ms, version, created_at_ms, cost_ms };
}

function metaFrom(members: Members): EntryMeta {
  const meta = {
    staleAtMs: members.integer("stale_at_ms", 0),
    createdAtMs: members.integer("created_at_ms", 0),
    costMs: members.integer("cost_ms", 0),
    dirty: members.bool("dirty"),
  };
  return members.has("version") ? { ...meta, version: members.integer("version") } : meta;
}

function logTo(log: LogKeys | null): Json | null {
  if (log === null) return null;
  const { opsA: ops_a, opsB: ops_b, ...rest } = log;
  return { ...rest, ops_a, ops_b };
}

function valueFrom(entity: Entity<object, object>, members: Members): object | null {
  const neutral = members.any("value");
  return neutral === null ? null : fromNeutral(entity.record.schema, neutral);
}

const { version: VERSION } = JSON.parse(readFileSync(new URL("../../wire/package.json", import.meta.url), "utf8")) as {
  version: string;
};

const OPS: Readonly<Record<string, (request: Members) => Answer>> = {
  async hello(request) {
    if (request.integer("protocol") !== PROTOCOL_VERSION) throw new BadRequestError("expected protocol 1");
    contract = await loadContract(request.text("contracts"));
    return {
      impl: "typescript",
      version: VERSION,
      protocol: PROTOCOL_VERSION,
      codecs: CODECS,
      paths: PATHS,
      ops: Object.keys(OPS),
    };
  },

  "key.build"(request) {
    const { record } = request.entity();
    const key = keyFromNeutral(record, request.members("key"));
    const generation = request.integer("generation", record.generation);
    const { log, ...keys } = entryKeys(record, request.text("namespace", ""), key, generation);
    return { ...keys, log: logTo(log), slot: slot(keys.value) };
  },

  "key.parse"(request) {
    const { record } = request.entity();
    return { key: keyToNeutral(record, parseKey(record, request.text("namespace", ""), request.text("text"))) };
  },

  "key.from-id"(request) {
    const { record } = request.entity();
    return { key: keyToNeutral(record, keyFromId(record, request.text("entry_id"))) };
  },

  "key.slot": (request) => ({ slot: slot(request.text("key")) }),

  "key.partition": (request) => ({ partition: partitionOf(request.entity().record, request.text("entry_id")) }),

  "key.channels": (request) => ({ ...channels(request.text("namespace", "")) }),

  "value.encode"(request) {
    const entity = request.entity();
    const value = fromNeutral(entity.record.schema, request.any("value"));
    const path = request.oneOf("path", PATHS, "generated");
    const { bytes, ascii } = encodePayload(entity, request.codec(entity.record), value, path);
    return { hex: hex(bytes), ascii };
  },

  "value.decode"(request) {
    const entity = request.entity();
    const [mode, path] = [request.oneOf("mode", MODES, "lenient"), request.oneOf("path", PATHS, "generated")];
    const notes = { unknownEnumName: false };
    const value = decodePayload(entity, request.codec(entity.record), request.bytes("hex"), mode, path, notes);
    const neutral = toNeutral(entity.record.schema, value);
    return notes.unknownEnumName ? { value: neutral, unknown_enum_name: true } : { value: neutral };
  },

  "frame.encode": (request) => ({
    hex: hex(encodeFrame(headerFrom(new Members(request.members("header"))), request.bytes("payload"))),
  }),

  "frame.decode"(request) {
    const { payload, ...header } = decodeFrame(request.bytes("hex"), request.oneOf("mode", MODES, "lenient"));
    return { header: headerTo(header), payload: hex(payload) };
  },

  "entry.encode"(request) {
    const entity = request.entity();
    const meta = metaFrom(new Members(request.has("meta") ? request.members("meta") : {}));
    return { hex: hex(encodeEntry(entity, valueFrom(entity, request), meta)) };
  },

  "entry.decode"(request) {
    const entity = request.entity();
    const { record } = entity;
    const key = request.has("key") ? keyFromNeutral(record, request.members("key")) : undefined;
    const { value, version, staleAtMs, createdAtMs, costMs, dirty, foreign } = decodeEntry(
      entity,
      request.bytes("hex"),
      key,
    );
    const neutral = value === null ? null : toNeutral(record.schema, value);
    const times = { stale_at_ms: staleAtMs, created_at_ms: createdAtMs, cost_ms: costMs };
    return { value: neutral, version, ...times, dirty, foreign };
  },

  "write.encode"(request) {
    const entity = request.entity();
    const { id, head, payload } = encodeWriteItem(entity, request.text("entry_id"), valueFrom(entity, request));
    return { entry_id: id, head: hex(head), payload: hex(payload) };
  },

  "write.decode"(request) {
    const fields = new Members(request.members("fields"));
    const names = ["k", "g", "h", "p"].filter((name) => fields.has(name));
    const bytes = Object.fromEntries(names.map((name) => [name, fields.bytes(name)]));
    const event = decodeWriteEvent(request.text("stream"), bytes);
    const { id, generation, version, header, payload } = event;
    const frame = hex(eventFrame(event));
    return { entry_id: id, generation, version, header: headerTo(header), payload: hex(payload), frame };
  },

  bye: () => ({}),
};

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parse(line: Uint8Array): Json | undefined {
  try {
    const json: unknown = JSON.parse(utf8.decode(line));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(error: unknown): Json {
  if (isCachepactError(error)) return { code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  const bad = error instanceof BadRequestError || error instanceof NeutralFormError;
  return { code: bad ? "bad_request" : "runtime_error", message };
}

/** The reply to one request. */
async function reply(request: Json | undefined): Promise<Json> {
  if (request === undefined) {
    return { id: null, error: { code: "bad_request", message: "expected a JSON object on one line" } };
  }
  const id = Number.isSafeInteger(request["id"]) ? request["id"] : null;
  const op = request["op"];
  if (id === null || typeof op !== "string") {
    return { id, error: { code: "bad_request", message: "expected an integer as id and text as op" } };
  }
  if (!Object.hasOwn(OPS, op)) return { id, skipped: `no op ${op.slice(0, 40)}` };
  try {
    return { id, ok: await (OPS[op] as (members: Members) => Answer)(new Members(request)) };
  } catch (error) {
    return { id, error: errorOf(error) };
  }
}

/** The lines of standard input. Only LF ends one: U+2028 and the like are text. */
async function* lines(): AsyncGenerator<Uint8Array> {
  let parts: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      yield Buffer.concat([...parts, chunk.subarray(from, at)]);
      parts = [];
      from = at + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

for await (const line of lines()) {
  const request = parse(line);
  const answer = await reply(request);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  if (request?.["op"] === "bye" && answer["ok"] !== undefined) break;
}
process.stdin.destroy();
