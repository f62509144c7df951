/** Caching patterns on Redis: read-through, cache-aside, write-through, write-behind, one contract per entity. */

export { CachepactError, type Entity, type ErrorCode, isCachepactError } from "@cachepact/wire";
export { type Cache, createCache, DEFAULT_CLOSE_TIMEOUT_MS } from "./cache.ts";
export { type Cancel, type Clock, systemClock } from "./clock.ts";
export type { CachedEntry, EntityCache, InvalidateOptions, ReadOptions } from "./entity-cache.ts";
export type {
  CacheEvent,
  CacheListener,
  CommandFailure,
  CommandName,
  FillResult,
  LoadOutcome,
  RequestResult,
  WriteOperation,
  WriteOutcome,
} from "./events.ts";
export { type Loaded, type LoadedOptions, loaded } from "./loaded.ts";
export type { LoadContext, Loader } from "./loader.ts";
export {
  type CacheOptions,
  DEFAULT_ACCEPT_WAIT_MS,
  DEFAULT_CONNECT_TIMEOUT_MS,
  DEFAULT_DELIVER_TIMEOUT_MS,
  DEFAULT_FLOOR_MS,
  DEFAULT_LEASE_MS,
  DEFAULT_LOAD_TIMEOUT_MS,
  DEFAULT_MARKER_MS,
  DEFAULT_QUARANTINE_MAX_KEYS,
  DEFAULT_READ_TIMEOUT_MS,
  DEFAULT_SCRIPT_TIMEOUT_MS,
  type EntityOptions,
} from "./options.ts";
export type { Persist, WriteContext } from "./patterns/write-through.ts";
export { type Random, systemRandom } from "./random.ts";
export type { Accepted } from "./store/accept-group.ts";
export type { RedisInfo } from "./store/server-info.ts";
