import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { ProcessIdentity } from "./process-identity.ts";

/** What a stack remembers of one of its servers, in a file beside the data. */
export interface ServerRecord {
  /** Kept when the server is down: the next start prefers it, so that addresses in open terminals stay right. */
  readonly port: number;
  /**
   * `starting` is written before the server is spawned. Whoever finds it knows that the process which wrote it was
   * killed, and that a server without a known pid may be about to open this port.
   */
  readonly process: ProcessIdentity | "starting" | "none";
}

export function readRecord(file: string): ServerRecord | null {
  try {
    const record: ServerRecord = JSON.parse(readFileSync(file, "utf8"));
    return record;
  } catch {
    return null;
  }
}

export function writeRecord(file: string, record: ServerRecord): void {
  const draft = `${file}.draft`;
  writeFileSync(draft, JSON.stringify(record));
  renameSync(draft, file);
}
