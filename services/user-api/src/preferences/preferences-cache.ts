import { type Cache, type EntityCache, loaded } from "@cachepact/cache-core";
import { Preferences, type PreferencesKey } from "@cachepact/contracts";
import { isCachepactError } from "@cachepact/wire";
import type { PreferencesRepository } from "./preferences-repository.ts";

export type PreferencesCache = EntityCache<PreferencesKey, Preferences>;

/**
 * Preferences: write-behind (`preferences.put`); the writeback worker carries them to Postgres.
 *
 * Write-behind, because a preference is changed often, by one person, and a write must not wait for the database. Their
 * version is that of the accepted event, so the loader returns the one that the row carries.
 */
export function createPreferencesCache(cache: Cache, repository: PreferencesRepository): PreferencesCache {
  return cache.entity(Preferences, {
    load: async (key, { signal }) => {
      const stored = await repository.find(key.userId, signal);
      return stored && loaded(stored.value, { version: stored.version });
    },
  });
}

/**
 * Removes the preferences after their user was deleted: a write-behind as well.
 *
 * The user is gone by now, so a removal that Redis cannot take is reported, not thrown; the row then stays in the table,
 * unreachable, because preferences are only served for users that exist.
 */
export async function removePreferences(
  preferences: PreferencesCache,
  userId: number,
  warn: (error: Error) => void,
): Promise<void> {
  try {
    await preferences.remove({ userId });
  } catch (error) {
    if (!isCachepactError(error)) throw error;
    warn(error);
  }
}
