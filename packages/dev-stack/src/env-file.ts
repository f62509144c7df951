import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** Variables by name. */
export type Environment = Readonly<Record<string, string>>;

/** Reads `NAME=value` lines; a file that is not there has none. */
export function readEnvFile(path: string): Environment {
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return {};
  }
  const environment: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) environment[name] = value.replace(/^'(.*)'$/, "$1");
  }
  return environment;
}

/**
 * Writes the file if its text changes, and says whether it did. `node --watch` restarts a service whose environment
 * file is written, so an `up` that changes nothing must not touch it.
 */
export function writeEnvFile(path: string, environment: Environment): boolean {
  const lines = Object.entries(environment).map(
    ([name, value]) => `${name}=${/^[\w:/.@%?&=+,~-]*$/.test(value) ? value : `'${value}'`}`,
  );
  const text = `${lines.join("\n")}\n`;
  try {
    if (readFileSync(path, "utf8") === text) return false;
  } catch {
    // Not there yet, or not readable, which the write below reports better.
  }
  const draft = `${path}.draft`;
  // An address that was given may hold a password.
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
  return true;
}
