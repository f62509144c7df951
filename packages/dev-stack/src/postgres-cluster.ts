import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chownSync, existsSync, lstatSync, mkdirSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DevStackError } from "./errors.ts";
import { onPath } from "./executable.ts";
import { withLock } from "./lock.ts";
import { LOOPBACK } from "./port.ts";
import type { PostgresBinaries } from "./postgres-binary.ts";

const run = promisify(execFile);

/** A program with its arguments and what its environment needs. */
export interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The superuser that may connect from loopback without a password. */
export const SUPERUSER = "postgres";

// "nobody": Postgres refuses to run as root.
const NOBODY = 65_534;
const INIT_TIMEOUT_MS = 60_000;
const ENVIRONMENT = { LC_ALL: "C", TZ: "UTC" };
// One segment of 1 MB instead of 16 MB: a new cluster is half as large and copied in half the time.
const INITDB_OPTIONS = [
  `--username=${SUPERUSER}`,
  "--auth=trust",
  "--encoding=UTF8",
  "--locale=C",
  "--no-sync",
  "--wal-segsize=1",
];

/** How to run the server on a cluster; `settings` are those of postgresql.conf. */
export function serverInvocation(
  binaries: PostgresBinaries,
  data: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): Invocation {
  const options = Object.entries({ timezone: "UTC", ...settings }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  return asServerUser(binaries.postgres, ["-D", data, "-p", String(port), "-h", LOOPBACK, "-k", "", ...options]);
}

/**
 * Makes a new cluster in the folder `data`, which must not exist.
 *
 * `initdb` takes most of a second; copying what it made takes a fifth of that. So the first call keeps a template in
 * the system's folder for temporary files, one for each user and each version of the program, and later ones copy it.
 * @returns whether the template was used.
 */
export async function createCluster(binaries: PostgresBinaries, data: string, useTemplate = true): Promise<boolean> {
  const template = useTemplate ? await templateFor(binaries) : null;
  if (template === null) await initialize(binaries, data);
  else await run("cp", ["-a", template, data]);
  return template !== null;
}

/** Removes the template, for when a cluster made from it does not start: cleaners of /tmp take single old files. */
export function discardTemplate(binaries: PostgresBinaries): void {
  const base = privateFolder();
  if (base) rmSync(templatePath(base, binaries), { recursive: true, force: true });
}

async function templateFor(binaries: PostgresBinaries): Promise<string | null> {
  const base = privateFolder();
  if (base === null) return null;
  const path = templatePath(base, binaries);
  if (existsSync(path)) return path;
  return withLock(`${path}.lock`, INIT_TIMEOUT_MS, async () => {
    if (existsSync(path)) return path;
    const draft = `${path}.draft`;
    rmSync(draft, { recursive: true, force: true });
    await initialize(binaries, draft);
    renameSync(draft, path);
    return path;
  });
}

function templatePath(base: string, binaries: PostgresBinaries): string {
  const program = realpathSync(binaries.postgres);
  const { size, mtimeMs } = statSync(program);
  const identity = JSON.stringify([program, size, mtimeMs, INITDB_OPTIONS]);
  return join(base, `postgres-${createHash("sha256").update(identity).digest("hex").slice(0, 12)}`);
}

/** A folder for this user's templates, or null if the name is taken by somebody else: others write to /tmp as well. */
function privateFolder(): string | null {
  const user = process.getuid?.() ?? 0;
  const path = join(tmpdir(), `cachepact-${user}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  return found.isDirectory() && found.uid === user && (found.mode & 0o022) === 0 ? path : null;
}

async function initialize(binaries: PostgresBinaries, data: string): Promise<void> {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  if (isRoot()) chownSync(data, NOBODY, NOBODY);
  const { command, args, env } = asServerUser(binaries.initdb, ["-D", data, ...INITDB_OPTIONS]);
  try {
    await run(command, [...args], { env: { ...process.env, ...env }, timeout: INIT_TIMEOUT_MS });
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
    rmSync(data, { recursive: true, force: true });
    throw new DevStackError(
      `Could not make a Postgres cluster with ${binaries.initdb}. Its output:\n${output || String(error)}`,
    );
  }
}

/**
 * Root runs Postgres as nobody, by setpriv, which execs: the pid stays. The capability to read everything is kept,
 * or else the programs could not be reached where only root may enter the folder; `no_setuid_fixup` keeps access(2),
 * by which Postgres looks at its own programs, from dropping it.
 */
function asServerUser(command: string, args: readonly string[]): Invocation {
  if (!isRoot()) return { command, args, env: ENVIRONMENT };
  const setpriv = onPath("setpriv", ["/usr/bin", "/bin"]);
  if (!setpriv) {
    throw new DevStackError(
      "Could not run Postgres: it refuses to run as root, and the program setpriv, which would run it as nobody, is not " +
        "on PATH. Install util-linux, run as an ordinary user, or set DATABASE_URL.",
    );
  }
  const identity = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  const capabilities = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"];
  return { command: setpriv, args: [...identity, ...capabilities, command, ...args], env: ENVIRONMENT };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
