import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export type NaiveClient = "ioredis + JSON.parse" | "redis-py + json.loads";

const CLIENTS: Readonly<Record<NaiveClient, readonly [command: string, program: string]>> = {
  "ioredis + JSON.parse": [process.execPath, path("../naive/read-profile.mjs")],
  "redis-py + json.loads": [path("../../../.venv/bin/python"), path("../naive/read_profile.py")],
};

/** Runs a program without a line of cachepact that prints the display name it finds under the key. */
export async function readNaively(client: NaiveClient, redisUrl: string, key: string): Promise<string> {
  const [command, program] = CLIENTS[client];
  const { stdout } = await promisify(execFile)(command, [program, redisUrl, key], { timeout: 20_000 });
  return stdout.trimEnd();
}
