import { openSync, readFileSync, statSync, truncateSync } from "node:fs";

const MAX_BYTES = 4 * 1024 * 1024;
const TAIL_CHARACTERS = 2_000;

/** The file that a server writes its output to, and where in it the current run began. */
export class ServerLog {
  readonly path: string;
  #start = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Call before a start: output from here on belongs to that start. Empties a file that has grown too long. */
  mark(): void {
    this.#start = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
    if (this.#start <= MAX_BYTES) return;
    truncateSync(this.path);
    this.#start = 0;
  }

  /** A descriptor to append to. The caller closes it. */
  open(): number {
    return openSync(this.path, "a");
  }

  /** The last output of the current run. */
  tail(): string {
    try {
      return readFileSync(this.path).subarray(this.#start).toString("utf8").trim().slice(-TAIL_CHARACTERS);
    } catch {
      return "";
    }
  }
}
