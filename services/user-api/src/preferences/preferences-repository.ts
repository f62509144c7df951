import { Preferences } from "@cachepact/contracts";
import type { Database } from "../database.ts";

/** The row that the writeback worker wrote: the value and the version of its event. */
export interface StoredPreferences {
  readonly value: Preferences;
  readonly version: number;
}

/** The source of truth of preferences: table `preferences`, which only the writeback worker writes. */
export interface PreferencesRepository {
  find(userId: number, signal: AbortSignal): Promise<StoredPreferences | null>;
}

export function createPreferencesRepository(database: Database): PreferencesRepository {
  return {
    async find(userId, signal) {
      signal.throwIfAborted();
      const [row] = await database.query<{ ver: string; doc: string }>(
        "select ver, doc::text as doc from preferences where id = $1",
        [String(userId)],
      );
      return row ? { value: Preferences.fromJson(row.doc), version: Number(row.ver) } : null;
    },
  };
}
