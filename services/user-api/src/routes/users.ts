import { User } from "@cachepact/contracts";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { sendValue } from "../answer.ts";
import { readEntry } from "../cache-header.ts";
import { notFound } from "../errors.ts";
import { documented } from "../openapi.ts";
import { type PreferencesCache, removePreferences } from "../preferences/preferences-cache.ts";
import { invalidateProfile, type ProfileCache } from "../profiles/profile-cache.ts";
import { parseId } from "../request.ts";
import { parseUserPost, parseUserPut } from "../users/user-body.ts";
import type { UserCache } from "../users/user-cache.ts";
import type { UserRepository } from "../users/user-repository.ts";

interface ById {
  Params: { id: string };
}

interface ByIdWithBody extends ById {
  Body: Uint8Array | undefined;
}

export interface UserRoutes {
  readonly users: UserCache;
  readonly repository: UserRepository;
  readonly profiles: ProfileCache;
  readonly preferences: PreferencesCache;
}

/** `GET PUT DELETE /users/:id` and `POST /users`. */
export function userRoutes(app: FastifyInstance, { users, repository, profiles, preferences }: UserRoutes): void {
  app.get<ById>("/users/:id", { schema: documented.getUser }, async (request, reply) => {
    const id = parseId(request.params.id);
    const user = await readEntry(reply, users, { id });
    if (user === null) throw notFound(`user ${id}`);
    return sendValue(reply, 200, User, user);
  });

  app.put<ByIdWithBody>("/users/:id", { schema: documented.putUser }, async (request, reply) => {
    const id = parseId(request.params.id);
    const { draft, expectedVersion } = parseUserPut(id, request.body);
    const saved = await writeUser(id, (signal) => repository.update(id, draft, expectedVersion, signal));
    await invalidateProfile(profiles, id, warning(request));
    return sendValue(reply, 200, User, saved);
  });

  app.post<{ Body: Uint8Array | undefined }>("/users", { schema: documented.postUser }, async (request, reply) => {
    const draft = parseUserPost(request.body);
    // The id is taken first, so that the insert is a write-through as well: "not found" may be cached for this id.
    const id = await repository.nextId();
    const saved = await writeUser(id, (signal) => repository.insert(id, draft, signal));
    await invalidateProfile(profiles, id, warning(request));
    reply.header("location", `/users/${id}`);
    return sendValue(reply, 201, User, saved);
  });

  app.delete<ById>("/users/:id", { schema: documented.deleteUser }, async (request, reply) => {
    const id = parseId(request.params.id);
    await users.write({ id }, async ({ signal }) => {
      await repository.delete(id, signal);
      return null;
    });
    await invalidateProfile(profiles, id, warning(request));
    // Not awaited: the user is gone whatever becomes of it.
    void removePreferences(preferences, id, warning(request));
    return reply.code(204).send();
  });

  /** Reports what is left to do after a commit; the request itself has succeeded. */
  function warning(request: FastifyRequest): (error: Error) => void {
    return (error) => request.log.warn({ reason: String(error) }, "a write is committed, its clean-up is not done yet");
  }

  /** Write-through around one statement, which commits by itself. Gives the committed row. */
  async function writeUser(id: number, commit: (signal: AbortSignal) => Promise<User>): Promise<User> {
    let saved: User | undefined;
    await users.write({ id }, async ({ signal }) => {
      saved = await commit(signal);
      return saved;
    });
    return saved as unknown as User;
  }
}
