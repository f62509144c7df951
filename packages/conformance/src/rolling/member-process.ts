import { LineProcess, type Outcome, python, typescript } from "./line-process.ts";
import type { Release } from "./release.ts";
import type { Row } from "./row.ts";

/** The languages that a fleet is written in. */
export const LANGUAGES = ["typescript", "python"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What a member is asked; see rolling/member.ts. */
export interface Order {
  readonly op: "read" | "write" | "invalidate" | "put" | "remove" | "counts";
  readonly message?: string;
  readonly key?: number;
  readonly row?: Row | null;
}

/** Where the members find their servers, and what their chance grows from. */
export interface Surroundings {
  readonly redis: string;
  readonly postgres: string;
  readonly seed: number;
}

const PROGRAMS: Readonly<Record<Language, readonly string[]>> = {
  typescript: typescript("rolling/member.ts"),
  python: python("rolling/member.py"),
};

/** One process of a fleet: a language, a release, caches and a database of its own. */
export class Member {
  readonly language: Language;
  readonly release: Release;
  readonly #process: LineProcess;

  private constructor(language: Language, release: Release, process: LineProcess) {
    this.language = language;
    this.release = release;
    this.#process = process;
  }

  /** Starts it and waits until its cache is connected. */
  static async start(language: Language, release: Release, surroundings: Surroundings): Promise<Member> {
    const { redis, postgres, seed } = surroundings;
    const command = [...PROGRAMS[language], release.folder, redis, postgres, String(seed)];
    return new Member(language, release, await LineProcess.start(`${language} ${release.name}`, command));
  }

  get name(): string {
    return `${this.language} ${this.release.name}`;
  }

  ask({ op, message = "", key = 0, row = null }: Order): Promise<Outcome> {
    return this.#process.ask({ op, message, key, row });
  }

  /** Its events since it was asked before, by kind. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    const outcome = await this.ask({ op: "counts" });
    if ("error" in outcome) throw new Error(`${this.name}: ${outcome.error.message}`);
    return outcome.ok as Record<string, number>;
  }

  /** Ends the process; its cache closes first. */
  close(): Promise<void> {
    return this.#process.close();
  }
}
