// A process that reads what an attacker has written into Redis. Speaks NDJSON. Arguments: URL of Redis, namespace, and
// the index files of the generated contracts.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { type CacheEvent, createCache, type EntityCache, loaded } from "@cachepact/cache-core";
import { entryKeys, isCachepactError } from "@cachepact/wire";
import type { AnyEntity } from "../src/rolling/release.ts";

interface Request {
  readonly id: number;
  readonly op: "get" | "state";
  readonly entity: string;
  /** What the loader finds, as canonical JSON. */
  readonly json: string;
}

const [redis = "", namespace = "", ...modules] = process.argv.slice(2);
const entities = new Map<string, AnyEntity>();
for (const file of modules) {
  for (const entity of Object.values<AnyEntity | undefined>(await import(pathToFileURL(file).href))) {
    if (entity?.record !== undefined) entities.set(entity.record.entity, entity);
  }
}

const events: CacheEvent[] = [];
const cache = createCache({ redis, namespace, readTimeoutMs: 800, scriptTimeoutMs: 600 });
cache.on((event) => events.push(event));
const bound = new Map<string, EntityCache<object, object>>();
/** What each row is in the source of truth, by its key in Redis. */
const truth = new Map<string, object>();

/** Everything that code could reach by accident: names and values of the prototypes that all objects share. */
function prototypes(): string {
  const shared = [Object, Array, Map, Set, Function, Promise, String, Number, Boolean, Uint8Array, Buffer, Error];
  return JSON.stringify(
    shared.flatMap((type) => [Reflect.ownKeys(type), Reflect.ownKeys(type.prototype)].map((keys) => keys.map(String))),
  );
}
const before = prototypes();
const globals = Object.keys(globalThis).length;

function rowsOf(entity: AnyEntity): EntityCache<object, object> {
  const { record } = entity;
  let rows = bound.get(record.entity);
  if (rows === undefined) {
    rows = cache.entity(entity, {
      loadTimeoutMs: 900,
      load: async (key) => {
        const value = truth.get(entryKeys(record, namespace, key).value) as object;
        return record.log === null ? value : loaded(value, { version: 1 });
      },
    });
    bound.set(record.entity, rows);
  }
  return rows;
}

async function answer({ op, entity: name, json }: Request): Promise<Readonly<Record<string, unknown>>> {
  if (op === "state") {
    const polluted = "polluted" in {} || "polluted" in globalThis || Object.keys(globalThis).length !== globals;
    return {
      intact: prototypes() === before && !polluted,
      maxRssMib: process.resourceUsage().maxRSS / 1024,
      hardened: hardened(),
    };
  }
  const entity = entities.get(name);
  if (entity === undefined) throw new TypeError(`no entity ${name}`);
  const value = entity.fromJson(json);
  const key = entity.keyOf(value);
  truth.set(entryKeys(entity.record, namespace, key).value, value);
  const from = events.length;
  const entry = await rowsOf(entity).getEntry(key);
  const codes = new Set<string>();
  for (const event of events.splice(from)) {
    if (event.type === "decode_failure") codes.add(event.code);
    if (event.type === "command_error") codes.add(`${event.command} ${event.reason}`);
  }
  const { source } = entry;
  return { source, json: entry.value === null ? null : entity.toJson(entry.value), codes: [...codes].toSorted() };
}

/** Whether this process may make code from strings, or has `__proto__`. */
function hardened(): boolean {
  try {
    Reflect.construct(Function, ["return 1"]);
    return false;
  } catch {
    return !("__proto__" in Object.prototype);
  }
}

function reply(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

await cache.ready();
reply({ ready: true });
// One after the other: what is counted then belongs to the call.
for await (const line of createInterface({ input: process.stdin })) {
  const request: Request = JSON.parse(line);
  try {
    reply({ id: request.id, ok: await answer(request) });
  } catch (error) {
    const code = isCachepactError(error) ? error.code : "runtime_error";
    reply({ id: request.id, error: { code, message: String(error) } });
  }
}
await cache.close();
