import { Preferences, type PreferencesKey, Profile, type ProfileKey, User, type UserKey } from "@cachepact/contracts";
import { defineEntity, type Entity, type EntityRecord } from "@cachepact/wire";

export { Preferences, Profile, User };

/** `user` with other options: a contract of its own for a test. */
export function userWith(changes: Partial<EntityRecord>): Entity<UserKey, User> {
  return defineEntity<UserKey, User>({ ...User.record, ...changes });
}

export const StrongUser: Entity<UserKey, User> = userWith({ entity: "strong-user", consistency: "strong" });
export const ReplicaUser: Entity<UserKey, User> = userWith({ entity: "replica-user", replica_reads: true });

export function aUser(id: number, changes: Partial<User> = {}): User {
  return {
    id,
    email: `user${id}@example.com`,
    name: `User ${id}`,
    createdAt: 1_700_000_000_000,
    roles: ["reader"],
    labels: {},
    balanceCents: 0n,
    version: 1,
    ...changes,
  };
}

export function aProfile(userId: number): Profile {
  return { userId, displayName: `User ${userId}`, joinedAt: 1_700_000_000_000, roles: [] };
}

export function somePreferences(userId: number, changes: Partial<Preferences> = {}): Preferences {
  return { userId, theme: 1, language: "en", emailOptIn: true, settings: {}, ...changes };
}

export type { PreferencesKey, ProfileKey, UserKey };
