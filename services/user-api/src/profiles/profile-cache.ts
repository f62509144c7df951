import type { Cache, EntityCache } from "@cachepact/cache-core";
import { Profile, type ProfileKey } from "@cachepact/contracts";
import { isCachepactError } from "@cachepact/wire";
import type { ProfileRepository } from "./profile-repository.ts";

export type ProfileCache = EntityCache<ProfileKey, Profile>;

/** Profiles: read-through, and cache-aside (`invalidateProfile`) after the user's row was committed. */
export function createProfileCache(cache: Cache, repository: ProfileRepository): ProfileCache {
  return cache.entity(Profile, { load: (key, { signal }) => repository.find(key.userId, signal) });
}

/**
 * Drops the profile after its user was written or deleted.
 *
 * Cache-aside, because a profile is derived from the row: nobody writes it, and most writes are not followed by a read of it.
 * The row is committed by now, so an invalidation that Redis did not get is reported, not thrown: the cache delivers it
 * later and this process bypasses the entry until then.
 */
export async function invalidateProfile(
  profiles: ProfileCache,
  userId: number,
  warn: (error: Error) => void,
): Promise<void> {
  try {
    await profiles.invalidate({ userId });
  } catch (error) {
    if (!isCachepactError(error, "E_PENDING")) throw error;
    warn(error);
  }
}
