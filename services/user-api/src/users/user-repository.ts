import type { User } from "@cachepact/contracts";
import type { Database } from "../database.ts";
import { conflict, notFound } from "../errors.ts";

/** The parts of a user that a request may set. */
export type UserDraft = Pick<User, "email" | "name" | "roles" | "labels" | "balanceCents">;

/** The source of truth of users: table `users`. Methods take the signal of the cache and do nothing once it fired. */
export interface UserRepository {
  find(id: number, signal: AbortSignal): Promise<User | null>;
  /** Takes the next id. Ids of failed inserts are not used again. */
  nextId(): Promise<number>;
  insert(id: number, draft: UserDraft, signal: AbortSignal): Promise<User>;
  /**
   * Replaces the row and raises its version by one, under the row lock.
   *
   * @param expectedVersion 0 = any; otherwise the update happens only if the row has this version.
   * @throws {HttpError} NOT_FOUND, CONFLICT
   */
  update(id: number, draft: UserDraft, expectedVersion: number, signal: AbortSignal): Promise<User>;
  /** @throws {HttpError} NOT_FOUND */
  delete(id: number, signal: AbortSignal): Promise<void>;
}

interface UserRow {
  id: string;
  email: string;
  name: string;
  created_at_ms: string;
  roles: string[];
  labels: Record<string, string>;
  balance_cents: string;
  version: string;
}

// bigints arrive as text: balances may lie beyond 2^53, where a JavaScript number is no longer exact.
const COLUMNS =
  "id, email, name, (extract(epoch from created_at) * 1000)::bigint as created_at_ms, roles, labels, balance_cents, version";

export function createUserRepository(database: Database): UserRepository {
  return {
    async find(id, signal) {
      signal.throwIfAborted();
      const [row] = await database.query<UserRow>(`select ${COLUMNS} from users where id = $1`, [id]);
      return row ? toUser(row) : null;
    },
    async nextId() {
      const [row] = await database.query<{ id: string }>("select nextval('users_id_seq') as id");
      return Number(row?.id);
    },
    async insert(id, draft, signal) {
      signal.throwIfAborted();
      const [row] = await database.query<UserRow>(
        `insert into users (id, email, name, roles, labels, balance_cents) values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
        [id, ...values(draft)],
      );
      return toUser(row as UserRow);
    },
    async update(id, draft, expectedVersion, signal) {
      signal.throwIfAborted();
      const [row] = await database.query<UserRow>(
        `update users set email = $2, name = $3, roles = $4, labels = $5, balance_cents = $6, version = version + 1
         where id = $1 and ($7::bigint = 0 or version = $7) returning ${COLUMNS}`,
        [id, ...values(draft), expectedVersion],
      );
      if (row) return toUser(row);
      const [current] = await database.query<{ version: string }>("select version from users where id = $1", [id]);
      throw current ? conflict(`user ${id}`, expectedVersion, Number(current.version)) : notFound(`user ${id}`);
    },
    async delete(id, signal) {
      signal.throwIfAborted();
      const rows = await database.query("delete from users where id = $1 returning id", [id]);
      if (rows.length === 0) throw notFound(`user ${id}`);
    },
  };
}

function values(draft: UserDraft): unknown[] {
  return [draft.email, draft.name, draft.roles, JSON.stringify(draft.labels), draft.balanceCents.toString()];
}

function toUser(row: UserRow): User {
  return {
    id: Number(row.id),
    email: row.email,
    name: row.name,
    createdAt: Number(row.created_at_ms),
    roles: row.roles,
    labels: Object.assign(Object.create(null), row.labels),
    balanceCents: BigInt(row.balance_cents),
    version: Number(row.version),
  };
}
