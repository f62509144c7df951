import { Profile } from "@cachepact/contracts";
import type { FastifyInstance } from "fastify";
import { sendValue } from "../answer.ts";
import { readEntry } from "../cache-header.ts";
import { notFound } from "../errors.ts";
import { documented } from "../openapi.ts";
import type { ProfileCache } from "../profiles/profile-cache.ts";
import { parseId } from "../request.ts";

/** `GET /profiles/:id`: the public face of a user. */
export function profileRoutes(app: FastifyInstance, profiles: ProfileCache): void {
  app.get<{ Params: { id: string } }>("/profiles/:id", { schema: documented.getProfile }, async (request, reply) => {
    const userId = parseId(request.params.id);
    const profile = await readEntry(reply, profiles, { userId });
    if (profile === null) throw notFound(`user ${userId}`);
    return sendValue(reply, 200, Profile, profile);
  });
}
