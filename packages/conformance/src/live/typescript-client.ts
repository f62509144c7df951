/**
 * A service of its own process around `createCache`, told what to do by lines of JSON in the form of PROTOCOL.md.
 *
 * Ops beside hello and bye: `open`, `load`, `read`, `write`, `put`, `remove`, `close`. Its table of rows is what the request gives:
 * `value`, with `version` for entities whose version is no field.
 */
import { type Cache, createCache, type EntityCache, type Loaded, loaded } from "@cachepact/cache-core";
import type { EntityRecord } from "@cachepact/wire";
import { fromNeutral, keyFromNeutral, type Neutral, type NeutralMembers, toNeutral } from "@cachepact/wire/testing";
import { type LoadedContract, loadContract } from "../typescript-contract.ts";

type Json = Readonly<Record<string, unknown>>;
type Row = object | null | Loaded<object>;

let contract: LoadedContract = new Map();
let cache: Cache | undefined;
const entities = new Map<string, EntityCache<object, object>>();

/** What the loader finds, and how often it was asked. */
const table: { row: Row; loads: number } = { row: null, loads: 0 };

/** A busy machine answers late; what is tested here is not the deadline. */
const PATIENT = { readTimeoutMs: 5_000, scriptTimeoutMs: 5_000, leaseMs: 20_000, markerMs: 20_000 };

function recordOf(name: string): EntityRecord {
  const entity = contract.get(name);
  if (entity === undefined) throw new Error(`no entity ${name}`);
  return entity.record;
}

function entityOf(name: string): EntityCache<object, object> {
  const known = entities.get(name);
  if (known !== undefined) return known;
  const entity = contract.get(name);
  if (cache === undefined || entity === undefined) throw new Error(`no cache, or no entity ${name}`);
  const bound = cache.entity(entity, {
    load: async () => {
      table.loads += 1;
      return table.row;
    },
  });
  entities.set(name, bound);
  return bound;
}

function rowIn({ entity, value, version }: Json): Row {
  const { schema } = recordOf(entity as string);
  const row = value === null || value === undefined ? null : fromNeutral(schema, value as Neutral);
  return version === undefined ? row : loaded(row, { version: version as number });
}

async function read(name: string, key: object): Promise<Json> {
  const { value, source, version } = await entityOf(name).getEntry(key);
  const neutral = value === null ? null : toNeutral(recordOf(name).schema, value);
  return { value: neutral, source, version, loads: table.loads };
}

async function answer(request: Json): Promise<Json> {
  if (request["op"] === "hello") {
    contract = await loadContract(request["contracts"] as string);
    return { impl: "typescript", version: "0.1.0", ops: [] };
  }
  if (request["op"] === "open") {
    cache = createCache({ redis: request["redis"] as string, ...PATIENT });
    await cache.ready();
    return {};
  }
  if (request["op"] === "close" || request["op"] === "bye") {
    await cache?.close();
    cache = undefined;
    entities.clear();
    return {};
  }
  const name = request["entity"] as string;
  const key = keyFromNeutral(recordOf(name), request["key"] as NeutralMembers);
  table.loads = 0;
  table.row = null;
  switch (request["op"]) {
    case "read":
      return read(name, key);
    case "load":
      table.row = rowIn(request);
      return read(name, key);
    case "write":
      return entityOf(name).write(key, async () => rowIn(request));
    case "put":
      return { ...(await entityOf(name).put(key, rowIn(request) as object)) };
    case "remove":
      return { ...(await entityOf(name).remove(key)) };
    default:
      throw new Error(`no op ${String(request["op"])}`);
  }
}

async function reply(line: string): Promise<boolean> {
  const request = JSON.parse(line) as Json;
  const outcome = await answer(request).then(
    (ok) => ({ ok }),
    (error: unknown) => ({
      error: { code: (error as { code?: string }).code ?? "runtime_error", message: String(error) },
    }),
  );
  process.stdout.write(`${JSON.stringify({ id: request["id"], ...outcome })}\n`);
  return request["op"] !== "bye";
}

let rest = "";
let open = true;
for await (const chunk of process.stdin.setEncoding("utf8")) {
  // Only LF ends a line: to readline U+2028 would end one as well.
  const lines = (rest + String(chunk)).split("\n");
  rest = lines.pop() as string;
  for (const line of lines) open = open && (await reply(line));
  if (!open) break;
}
process.stdin.destroy();
