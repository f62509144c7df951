import { type Channels, type Entity, type EntityRecord, type EntryKeys, entryKeys } from "@cachepact/wire";
import type { Clock } from "./clock.ts";
import type { Events } from "./events.ts";
import type { ResolvedEntityOptions, ResolvedOptions } from "./options.ts";
import type { Random } from "./random.ts";
import type { Background } from "./resilience/background.ts";
import type { Quarantine } from "./resilience/quarantine.ts";
import type { RedisClock } from "./store/redis-clock.ts";
import type { Scripts } from "./store/scripts.ts";
import type { ServerInfo } from "./store/server-info.ts";
import type { Transport } from "./store/transport.ts";

/** What all entities of one cache share. */
export interface Core {
  readonly options: ResolvedOptions;
  readonly namespace: string;
  readonly channels: Channels;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
  readonly redisClock: RedisClock;
  /** The connection for reads and for scripts that nobody waits behind. */
  readonly transport: Transport;
  readonly scripts: Scripts;
  readonly quarantine: Quarantine;
  readonly background: Background;
  /** Aborted by `close`: ends the loads that nobody waits for. */
  readonly closing: AbortSignal;
  /** Asks for Redis' time in the background, once at a time. */
  readonly syncClock: () => void;
  /** What `transport` has learned about its server; null until it is connected. */
  readonly server: () => ServerInfo | null;
}

/** What the patterns of one entity work with. */
export interface EntityContext<Key extends object, Value extends object> {
  readonly core: Core;
  readonly entity: Entity<Key, Value>;
  readonly record: EntityRecord;
  readonly options: ResolvedEntityOptions<Key, Value>;
  /** The TypeScript property that holds the row's version, or null. */
  readonly versionProperty: string | null;
}

/** The keys of one row under its own generation, then under every other one that is live during a roll. */
export function liveKeys<Key extends object, Value extends object>(
  context: EntityContext<Key, Value>,
  key: Key,
): readonly [EntryKeys, ...EntryKeys[]] {
  const { record, core } = context;
  const own = entryKeys(record, core.namespace, key);
  return [own, ...otherGenerations(record).map((generation) => entryKeys(record, core.namespace, key, generation))];
}

/** Announced and previous generations: their readers run beside us and must not keep what we invalidate. */
export function otherGenerations(record: EntityRecord): readonly number[] {
  return [record.next_generation, record.previous_generation].filter((generation) => generation !== null);
}
