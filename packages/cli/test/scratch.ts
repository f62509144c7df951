import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished, vi } from "vitest";
import { run } from "../src/run.ts";

// buf is a process: a loaded machine may take seconds to start it.
vi.setConfig({ testTimeout: 60_000 });

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export const THING = "proto/shop/v1/thing.proto";

export const PROTO: string = `syntax = "proto3";

package shop.v1;

import "cachepact/v1/options.proto";

message Thing {
  option (cachepact.v1.entry) = {
    key: "thing:{id}"
    codec: CODEC_JSON
    framing: FRAMING_FRAMED
    ttl_ms: 60000
  };

  string id = 1;
}
`;

export const CONFIG: unknown = {
  protos: ["proto"],
  lock: "contracts.lock.json",
  typescript: { out: "src/gen" },
  python: { out: "python/shop" },
};

/** A contract folder outside this repository; removed when the test ends. */
export function scratch(proto: string = PROTO, config: unknown = CONFIG): string {
  const folder = mkdtempSync(path.join(tmpdir(), "cachepact-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, "proto/shop/v1"), { recursive: true });
  writeFileSync(path.join(folder, THING), proto);
  writeFileSync(path.join(folder, "cachepact.json"), JSON.stringify(config));
  return folder;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process. */
export async function cachepact(...args: readonly string[]): Promise<Outcome> {
  const printed = { stdout: "", stderr: "" };
  const code = await run(
    args,
    { write: (text) => (printed.stdout += text) },
    { write: (text) => (printed.stderr += text) },
  );
  return { code, ...printed };
}

/** Runs a command line as a person does: in a process of its own, in a folder. */
export function spawned(args: readonly string[], cwd: string): Outcome {
  const command = ["--conditions=@cachepact/source", MAIN, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd, encoding: "utf8" });
  return { code: status, stdout, stderr };
}
