import { readFileSync, realpathSync, statSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CachepactError, type ContractLock, defineEntity, type Entity } from "@cachepact/wire";

/** Folders of generated TypeScript that were loaded. */
const folders = new Set<string>();

/** How many folders were loaded, the same one again counted. */
let loads = 0;

// Generated code imports @cachepact/wire. A contract folder may lie anywhere, under any package.json or none, and need not
// have it installed: this process gives it its own copy, the one under test, and reads the folder's TypeScript as modules.
registerHooks({
  resolve(specifier, context, next) {
    const ours = specifier === "@cachepact/wire" || specifier.startsWith("@cachepact/wire/");
    const found = next(specifier, ours ? { ...context, parentURL: import.meta.url } : context);
    // A folder that was generated anew must not be answered from the modules that were loaded before.
    return isLoaded(found.url) ? { ...found, url: `${found.url}?load=${loads}` } : found;
  },
  load(url, context, next) {
    if (!isLoaded(url)) return next(url, context);
    const source = stripTypeScriptTypes(readFileSync(fileURLToPath(url), "utf8"));
    return { format: "module", source, shortCircuit: true };
  },
});

/** Whether a module is generated code that was loaded. */
function isLoaded(url: string): boolean {
  if (!url.startsWith("file:")) return false;
  const file = fileURLToPath(url);
  return file.endsWith(".ts") && [...folders].some((folder) => file.startsWith(`${folder}${path.sep}`));
}

/** The entities of a contract folder, by name and by the full proto name of their message. */
export type LoadedContract = ReadonlyMap<string, Entity<object, object>>;

/**
 * Loads a contract folder: its generated TypeScript, or its lock alone when its configuration names no TypeScript.
 *
 * @param location its `cachepact.json`, or the folder that holds it
 * @throws {CachepactError} E_CONFIG when there is no such configuration, E_GENERATED when what `cachepact generate` makes
 * of it is missing or of another time than the lock
 */
export async function loadContract(location: string): Promise<LoadedContract> {
  const given = path.resolve(location);
  const isFolder = statSync(given, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = isFolder ? path.join(given, "cachepact.json") : given;
  const config = readJson(file, "E_CONFIG") as { lock: string; typescript?: { out: string } };
  if (typeof config.lock !== "string") throw new CachepactError("E_CONFIG", `read ${file}: found no "lock"`);
  const resolve = (name: string): string => path.resolve(path.dirname(file), name);
  const { format, entities: records } = readJson(resolve(config.lock), "E_GENERATED") as ContractLock;
  if (format !== 1) throw new CachepactError("E_GENERATED", `load ${file}: found a lock of another format; upgrade`);
  const generated =
    config.typescript === undefined
      ? new Map(Object.entries(records).map(([name, record]) => [name, defineEntity<object, object>(record)]))
      : await importEntities(resolve(config.typescript.out));
  const found = new Map<string, Entity<object, object>>();
  for (const [name, record] of Object.entries(records)) {
    const entity = generated.get(name);
    if (entity?.record.fingerprint === record.fingerprint) found.set(name, entity).set(record.schema.message, entity);
  }
  if (found.size !== Object.keys(records).length * 2 || generated.size * 2 !== found.size) {
    throw new CachepactError("E_GENERATED", `load ${file}: found code that is not that of its lock; generate it anew`);
  }
  return found;
}

async function importEntities(folder: string): Promise<ReadonlyMap<string, Entity<object, object>>> {
  const index = path.join(folder, "index.ts");
  if (!statSync(index, { throwIfNoEntry: false })?.isFile()) {
    throw new CachepactError("E_GENERATED", `load ${index}: found no such file; run cachepact generate`);
  }
  folders.add(realpathSync(folder));
  loads += 1;
  const module = (await import(pathToFileURL(index).href)) as Readonly<Record<string, unknown>>;
  const entities = Object.values(module).filter(isEntity);
  return new Map(entities.map((entity) => [entity.record.entity, entity]));
}

function isEntity(value: unknown): value is Entity<object, object> {
  return typeof value === "object" && value !== null && "record" in value;
}

function readJson(file: string, code: "E_CONFIG" | "E_GENERATED"): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new CachepactError(code, `read ${file}: found no readable JSON; name a generated contract folder`, {
      cause: error,
    });
  }
}
