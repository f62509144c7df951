import type { EntityRecord } from "@cachepact/wire";

import type { Release } from "../history.ts";

/** One entity as one release had it. */
export interface Released {
  readonly release: string;
  readonly atMs: number;
  readonly record: EntityRecord;
}

/** All that was ever released of one entity. */
export class Timeline {
  readonly entity: string;
  /** Oldest first; releases without the entity are left out. */
  readonly past: readonly Released[];
  /** The entity in the last release of the contract; undefined when that release did not have it. */
  readonly last: Released | undefined;
  readonly #releases: readonly Release[];

  constructor(entity: string, releases: readonly Release[]) {
    this.entity = entity;
    this.#releases = releases;
    this.past = releases.flatMap(({ release, at, lock }) => {
      // Own members only: "constructor" is a name that an entity may have.
      const record = Object.hasOwn(lock.entities, entity) ? lock.entities[entity] : undefined;
      return record === undefined ? [] : [{ release, atMs: Date.parse(at), record }];
    });
    const newest = releases.at(-1);
    this.last = this.past.find(({ release }) => release === newest?.release);
  }

  /** The highest generation that was ever read and written. */
  get highest(): number {
    return Math.max(...this.past.map(({ record }) => record.generation));
  }

  /** Releases that read and wrote a generation, oldest first. */
  under(generation: number): readonly Released[] {
    return this.past.filter(({ record }) => record.generation === generation);
  }

  /** The release that left a generation behind; undefined while it is the newest. */
  successorOf(generation: number): Released | undefined {
    return this.past.find(({ record }) => record.generation > generation);
  }

  /** Whether an operator has said that no write-behind event of a generation is left. */
  isDrained(generation: number): boolean {
    return this.#releases.some(({ drained }) => drained.includes(`${this.entity}@${generation}`));
  }
}

/** How long an entry lies in Redis at most, in ms. */
export function lifetimeMs({ ttl_ms, grace_ms, sliding }: EntityRecord): number {
  return Math.max(ttl_ms + grace_ms, sliding?.max_ms ?? 0);
}
