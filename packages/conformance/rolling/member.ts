// One process of a fleet: a release's generated TypeScript on a real cache and a real database. Speaks NDJSON: one
// request a line, replies as they come. Arguments: the release's folder, URL of Redis, URL of Postgres, seed.
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { type Cache, type CacheEvent, createCache, type EntityCache, loaded } from "@cachepact/cache-core";
import { SeededRandom } from "@cachepact/cache-core/testing";
import { isCachepactError } from "@cachepact/wire";
import { Pool } from "pg";
import { type AnyEntity, entityOf } from "../src/rolling/release.ts";
import { type Row, rowOf, valueOf } from "../src/rolling/row.ts";

interface Request {
  readonly id: number;
  readonly op: "read" | "write" | "invalidate" | "put" | "remove" | "counts";
  readonly message: string;
  readonly key: number;
  /** What to commit or to put; null = delete the row. */
  readonly row: Row | null;
}

type Answer = Readonly<Record<string, unknown>>;

const COMMIT = `
  with t as (
    insert into truth (entity, id, revision, doc) values ($1, $2, 1, $3)
    on conflict (entity, id) do update set revision = truth.revision + 1, doc = excluded.doc
    returning revision, doc
  )
  insert into history (entity, id, revision, doc) select $1, $2, revision, doc from t returning revision`;

const [folder = "", redis = "", postgres = "", seed = "0"] = process.argv.slice(2);
const module: Record<string, unknown> = await import(pathToFileURL(path.join(folder, "src/gen/index.ts")).href);
const pool = new Pool({ connectionString: postgres, max: 8 });
const random = new SeededRandom(Number(seed));
// Deadlines that a busy machine keeps: what is tested is which value comes, not how soon. The lease is short: a
// reader that waits for a load which a write has overtaken waits that long.
const cache: Cache = createCache({
  redis,
  readTimeoutMs: 5_000,
  scriptTimeoutMs: 300,
  leaseMs: 1_000,
  deliverTimeoutMs: 20_000,
  acceptWaitMs: 20_000,
});
const bound = new Map<string, { readonly entity: AnyEntity; readonly cache: EntityCache<object, object> }>();
let counts: Record<string, number> = {};
cache.on(count);

function count(event: CacheEvent): void {
  const name =
    event.type === "decode_failure"
      ? `decode_failure:${event.code}`
      : event.type === "foreign"
        ? "foreign"
        : event.type === "request"
          ? `request:${event.result}`
          : event.type === "fill"
            ? `fill:${event.result}`
            : event.type === "write"
              ? `write:${event.outcome}`
              : null;
  if (name !== null) counts[name] = (counts[name] ?? 0) + 1;
}

function bind(message: string): { readonly entity: AnyEntity; readonly cache: EntityCache<object, object> } {
  let found = bound.get(message);
  if (found === undefined) {
    const entity = entityOf(module, message);
    const load = entity.record.log === null ? loadRow(entity, message) : loadDraft(entity);
    found = { entity, cache: cache.entity(entity, { load }) };
    bound.set(message, found);
  }
  return found;
}

/** What lies between a statement and what follows it: the time in which others commit and invalidate. */
async function pause(): Promise<void> {
  if (random.next() < 0.5) await sleep(random.next() * 6);
}

function loadRow(entity: AnyEntity, message: string): (key: object) => Promise<object | null> {
  return async (key) => {
    const { id } = key as { readonly id: number };
    const text = "select revision, doc from truth where entity = $1 and id = $2";
    const { rows } = await pool.query(text, [message, id]);
    await pause();
    const [found] = rows;
    return found === undefined || found.doc === null ? null : valueOf(entity, id, Number(found.revision), found.doc);
  };
}

function loadDraft(entity: AnyEntity): (key: object) => Promise<ReturnType<typeof loaded<object>> | null> {
  return async (key) => {
    const { id } = key as { readonly id: number };
    const { rows } = await pool.query("select ver, doc from draft where id = $1", [entity.idOf(key)]);
    await pause();
    const [found] = rows;
    if (found === undefined) return null;
    // The document has the shape of the generation that wrote it: its columns are named alike, their types may differ.
    return loaded(valueOf(entity, id, found.doc.revision, found.doc), { version: Number(found.ver) });
  };
}

async function commit(message: string, id: number, row: Row | null): Promise<number> {
  const { rows } = await pool.query(COMMIT, [message, id, row === null ? null : JSON.stringify(row)]);
  return Number(rows[0].revision);
}

async function answer({ op, message, key: id, row }: Request): Promise<Answer> {
  if (op === "counts") {
    const counted = counts;
    counts = {};
    return counted;
  }
  const { entity, cache: rows } = bind(message);
  const key = { id };
  switch (op) {
    case "read": {
      const { value, ...rest } = await rows.getEntry(key);
      return { ...rest, row: value === null ? null : rowOf(value) };
    }
    case "write": {
      let revision = 0;
      await rows.write(key, async () => {
        revision = await commit(message, id, row);
        await pause();
        if (row === null) return loaded<object>(null, { version: entity.record.version === null ? 0 : revision });
        return valueOf(entity, id, revision, row);
      });
      return { revision };
    }
    case "invalidate": {
      const revision = await commit(message, id, row);
      await pause();
      await rows.invalidate(key);
      return { revision };
    }
    case "put":
      return { ...(await rows.put(key, valueOf(entity, id, Number(row?.["revision"]), row ?? {}))) };
    default:
      return { ...(await rows.remove(key)) };
  }
}

function reply(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function serve(request: Request): Promise<void> {
  try {
    reply({ id: request.id, ok: await answer(request) });
  } catch (error) {
    const code = isCachepactError(error) ? error.code : "runtime_error";
    reply({ id: request.id, error: { code, message: String(error) } });
  }
}

await cache.ready();
reply({ ready: true });
for await (const line of createInterface({ input: process.stdin })) void serve(JSON.parse(line));
await cache.close();
await pool.end();
