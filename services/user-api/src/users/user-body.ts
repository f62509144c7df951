import { Profile, User } from "@cachepact/contracts";
import { badRequest } from "../errors.ts";
import { parseBody, refuseWhatTheContractRefuses } from "../request.ts";
import type { UserDraft } from "./user-repository.ts";

/** What a new user must state; the rest has defaults. */
export const POST_MEMBERS = ["email", "name"] as const;
/** A PUT replaces the row, so it states everything: a forgotten member would otherwise reset a balance. */
export const PUT_MEMBERS = ["email", "name", "roles", "labels", "balance_cents"] as const;

/** Nobody sets created_at: a body may leave it out, and what it says is ignored. */
const IGNORED_CREATED_AT = '"1970-01-01T00:00:00Z"';

/**
 * The body of `PUT /users/:id`: the contract's JSON. `id` may be absent, `created_at` is ignored, a `version` other
 * than 0 is the one that the row must have.
 *
 * @throws {HttpError} 400
 */
export function parseUserPut(id: number, bytes: Uint8Array | undefined): { draft: UserDraft; expectedVersion: number } {
  const given = { id: String(id), created_at: IGNORED_CREATED_AT };
  const body = parseBody(User, bytes, { given, required: PUT_MEMBERS });
  if (body.id !== id)
    throw badRequest("E_BINDING", "id is another one than that of the path: send the same, or none", "id");
  if (body.version < 0)
    throw badRequest("E_RANGE", "version is negative: send the one that was read, or none", "version");
  return { draft: toDraft(body), expectedVersion: body.version };
}

/**
 * The body of `POST /users`: the contract's JSON without `id` and `version`, which the database gives.
 *
 * @throws {HttpError} 400
 */
export function parseUserPost(bytes: Uint8Array | undefined): UserDraft {
  const given = { id: "0", created_at: IGNORED_CREATED_AT };
  const body = parseBody(User, bytes, { given, required: POST_MEMBERS });
  if (body.id !== 0) throw badRequest("E_RANGE", "id is given by the database: leave it out", "id");
  if (body.version !== 0) throw badRequest("E_RANGE", "version is given by the database: leave it out", "version");
  return toDraft(body);
}

/** Takes the settable parts, once it is certain that both entries which will hold them accept them. */
function toDraft({ email, name, roles, labels, balanceCents }: User): UserDraft {
  const draft = { email, name, roles, labels, balanceCents };
  refuseWhatTheContractRefuses(() => {
    const longest = Number.MAX_SAFE_INTEGER;
    User.check({ ...draft, id: longest, createdAt: Date.UTC(2000, 0), version: longest });
    Profile.check({ userId: longest, displayName: name, joinedAt: Date.UTC(2000, 0), roles });
  });
  return draft;
}
