import type { Profile } from "@cachepact/contracts";
import type { Database } from "../database.ts";

/** The source of truth of profiles: the public columns of table `users`. */
export interface ProfileRepository {
  find(userId: number, signal: AbortSignal): Promise<Profile | null>;
}

interface ProfileRow {
  name: string;
  bio: string | null;
  joined_at_ms: string;
  roles: string[];
}

export function createProfileRepository(database: Database): ProfileRepository {
  return {
    async find(userId, signal) {
      signal.throwIfAborted();
      const [row] = await database.query<ProfileRow>(
        "select name, bio, (extract(epoch from created_at) * 1000)::bigint as joined_at_ms, roles from users where id = $1",
        [userId],
      );
      if (!row) return null;
      return {
        userId,
        displayName: row.name,
        ...(row.bio === null ? {} : { bio: row.bio }),
        joinedAt: Number(row.joined_at_ms),
        roles: row.roles,
      };
    },
  };
}
