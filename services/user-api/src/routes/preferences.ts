import { Preferences } from "@cachepact/contracts";
import type { FastifyInstance } from "fastify";
import { sendValue } from "../answer.ts";
import { readEntry } from "../cache-header.ts";
import { notFound } from "../errors.ts";
import { documented } from "../openapi.ts";
import { parsePreferencesPut } from "../preferences/preferences-body.ts";
import type { PreferencesCache } from "../preferences/preferences-cache.ts";
import { parseId } from "../request.ts";
import type { UserCache } from "../users/user-cache.ts";

interface ById {
  Params: { id: string };
}

/** `GET PUT /users/:id/preferences`. The user must exist; that question goes through the cache as well. */
export function preferencesRoutes(app: FastifyInstance, preferences: PreferencesCache, users: UserCache): void {
  app.get<ById>("/users/:id/preferences", { schema: documented.getPreferences }, async (request, reply) => {
    const userId = await existingUser(request.params.id);
    const value = await readEntry(reply, preferences, { userId });
    if (value === null) throw notFound(`a value of the preferences of user ${userId}`);
    return sendValue(reply, 200, Preferences, value);
  });

  app.put<ById & { Body: Uint8Array | undefined }>(
    "/users/:id/preferences",
    { schema: documented.putPreferences },
    async (request, reply) => {
      const value = parsePreferencesPut(parseId(request.params.id), request.body);
      const userId = await existingUser(request.params.id);
      const { version } = await preferences.put({ userId }, value);
      // 202: accepted by Redis, not in Postgres yet.
      reply.header("x-cachepact-version", String(version));
      return sendValue(reply, 202, Preferences, value);
    },
  );

  async function existingUser(text: string): Promise<number> {
    const id = parseId(text);
    if ((await users.get({ id })) === null) throw notFound(`user ${id}`);
    return id;
  }
}
