import type { Cache, EntityCache } from "@cachepact/cache-core";
import { User, type UserKey } from "@cachepact/contracts";
import type { UserRepository } from "./user-repository.ts";

export type UserCache = EntityCache<UserKey, User>;

/**
 * Users: read-through, and write-through around every commit (`users.write`).
 *
 * Write-through, because a user is read right after it was written, by either service: the committed row replaces the
 * entry, so the next read is a hit and never older than the commit.
 */
export function createUserCache(cache: Cache, repository: UserRepository): UserCache {
  return cache.entity(User, { load: (key, { signal }) => repository.find(key.id, signal) });
}
