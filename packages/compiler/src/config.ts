import { readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";

import { CompileError } from "./errors.ts";

export const CONFIG_FILE_NAME = "cachepact.json";

/** A `cachepact.json`, validated. Paths are absolute. */
export interface Config {
  /** The file itself. */
  readonly file: string;
  /** Its folder: paths in messages and in generated headers are relative to it. */
  readonly folder: string;
  /** Import roots: each holds `.proto` files by their import path. */
  readonly protos: readonly string[];
  readonly lock: string;
  /** Where `snapshot` keeps released generations; absent = the contract is not gated. */
  readonly history: string | undefined;
  /** Folder of generated TypeScript; absent = none. The generator owns it. */
  readonly typescript: { readonly out: string } | undefined;
  /** Folder of the generated Python package; absent = none. The generator owns it. */
  readonly python: { readonly out: string } | undefined;
}

type Json = Readonly<Record<string, unknown>>;

const KEYS: ReadonlySet<string> = new Set(["protos", "lock", "history", "typescript", "python"]);

/**
 * Reads a configuration file and reports every problem in it at once.
 * @param location the file, or the folder that holds `cachepact.json`
 * @throws {CompileError} `E_CONFIG`
 */
export function loadConfig(location: string): Config {
  const file = configFile(location);
  const json = readJson(file);
  const folder = path.dirname(file);
  const problems: string[] = [];
  for (const key of Object.keys(json)) {
    if (!KEYS.has(key)) problems.push(`unknown key "${key}"; known are ${[...KEYS].join(", ")}`);
  }
  const protos = protoFolders(json["protos"], folder, problems);
  const lock = pathOf(json["lock"], "lock", folder, problems);
  if (lock === undefined && json["lock"] === undefined) {
    problems.push('"lock" is missing; name the lock file, such as "contracts.lock.json"');
  }
  const config = {
    file,
    folder,
    protos,
    lock: lock ?? "",
    history: pathOf(json["history"], "history", folder, problems),
    typescript: output(json["typescript"], "typescript", folder, problems),
    python: output(json["python"], "python", folder, problems),
  };
  checkOverlaps(config, problems);
  if (problems.length > 0) throw new CompileError("E_CONFIG", `${file} is not a valid configuration`, problems);
  return config;
}

/** A path as it appears in messages and in generated headers: relative to the configuration, with slashes. */
export function shown(config: Pick<Config, "folder">, file: string): string {
  return path.relative(config.folder, file).split(path.sep).join("/") || ".";
}

function configFile(location: string): string {
  const stat = statSync(location, { throwIfNoEntry: false });
  const file = stat?.isDirectory() ? path.join(location, CONFIG_FILE_NAME) : location;
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new CompileError("E_CONFIG", `no configuration at ${path.resolve(file)}`, [
      `run the command in the folder that holds ${CONFIG_FILE_NAME}, or pass --config PATH`,
    ]);
  }
  return realpathSync(file);
}

function readJson(file: string): Json {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CompileError("E_CONFIG", `${file} is not readable JSON`, [reason], { cause: error });
  }
  if (!isObject(json)) throw new CompileError("E_CONFIG", `${file} is not a JSON object`, ['expected { "protos": … }']);
  return json;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function pathOf(value: unknown, key: string, folder: string, problems: string[]): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value.trim() === "") {
    problems.push(`"${key}" must be a path relative to the configuration, found ${JSON.stringify(value)}`);
    return undefined;
  }
  return path.resolve(folder, value);
}

function protoFolders(value: unknown, folder: string, problems: string[]): string[] {
  if (!Array.isArray(value) || value.length === 0) {
    const found = value === undefined ? "nothing" : JSON.stringify(value);
    problems.push(`"protos" must list at least one folder of .proto files, found ${found}; try ["proto"]`);
    return [];
  }
  const folders: string[] = [];
  for (const [index, item] of value.entries()) {
    const root = pathOf(item, `protos[${index}]`, folder, problems);
    if (root === undefined) continue;
    if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
      problems.push(`"protos[${index}]": there is no folder ${shown({ folder }, root)}; create it or correct the path`);
      continue;
    }
    const outer = folders.find((other) => within(root, other) || within(other, root));
    if (outer !== undefined) {
      problems.push(
        `"protos[${index}]": ${shown({ folder }, root)} and ${shown({ folder }, outer)} hold the same files; keep one`,
      );
    }
    folders.push(root);
  }
  return folders;
}

function output(value: unknown, key: string, folder: string, problems: string[]): { out: string } | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) {
    problems.push(`"${key}" must be { "out": folder }, found ${JSON.stringify(value)}`);
    return undefined;
  }
  for (const name of Object.keys(value)) {
    if (name !== "out") problems.push(`unknown key "${key}.${name}"; only "out" is known`);
  }
  if (value["out"] === undefined) {
    problems.push(`"${key}.out" is missing; name the folder of the generated files`);
    return undefined;
  }
  const out = pathOf(value["out"], `${key}.out`, folder, problems);
  return out === undefined ? undefined : { out };
}

/** Output folders are swept of stale files, so they must not hold the sources or each other. */
function checkOverlaps(config: Config, problems: string[]): void {
  const outputs = [
    ["typescript.out", config.typescript?.out],
    ["python.out", config.python?.out],
  ] as const;
  const others = [
    ...config.protos.map((root, index) => [`protos[${index}]`, root] as const),
    ["history", config.history] as const,
    ...outputs,
  ];
  for (const [name, out] of outputs) {
    if (out === undefined) continue;
    if (within(config.file, out)) {
      problems.push(`"${name}" is a folder around the configuration; name a folder that holds generated files only`);
    }
    for (const [other, folder] of others) {
      if (other === name || folder === undefined) continue;
      if (within(folder, out)) problems.push(`"${name}" is or holds the folder of "${other}"; name another folder`);
    }
  }
}

function within(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner);
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}
