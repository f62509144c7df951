import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identify, isRunning, type ProcessIdentity } from "./process-identity.ts";

/** The processes that need a stack: while one of them lives, nobody else's end stops the servers. */
export class Holders {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  add(pid: number): void {
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, String(pid)), JSON.stringify(identify(pid)));
  }

  remove(pid: number): void {
    rmSync(join(this.#folder, String(pid)), { force: true });
  }

  /** Those that live; the files of others are removed. */
  live(): number[] {
    const live: number[] = [];
    for (const name of this.#files()) {
      const holder = this.#read(name);
      if (holder && isRunning(holder)) live.push(holder.pid);
      else rmSync(join(this.#folder, name), { force: true });
    }
    return live;
  }

  #files(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch {
      return [];
    }
  }

  #read(name: string): ProcessIdentity | null {
    try {
      const holder: ProcessIdentity | null = JSON.parse(readFileSync(join(this.#folder, name), "utf8"));
      return holder;
    } catch {
      return null;
    }
  }
}
