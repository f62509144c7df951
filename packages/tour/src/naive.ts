import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const CLIENTS = {
  "ioredis + JSON.parse": [process.execPath, path("../naive/read-profile.mjs")],
  "redis-py + json.loads": [path("../../../.venv/bin/python"), path("../naive/read_profile.py")],
} as const;

/** Runs a program without a line of cachepact that prints the display name it finds under the key. */
export async function readNaively(client: keyof typeof CLIENTS, redisUrl: string, key: string): Promise<string> {
  const [command, program] = CLIENTS[client];
  const { stdout } = await promisify(execFile)(command, [program, redisUrl, key], { timeout: 20_000 });
  return stdout.trimEnd();
}
