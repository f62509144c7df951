import type { Cache } from "@cachepact/cache-core";
import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import { sendJson } from "../answer.ts";
import type { Database } from "../database.ts";
import { documented } from "../openapi.ts";

export interface HealthRoutes {
  readonly cache: Cache;
  readonly database: Database;
  readonly metrics: Registry;
}

/** `/healthz`, `/readyz` and `/metrics`: for the machines that watch the service. */
export function healthRoutes(app: FastifyInstance, { cache, database, metrics }: HealthRoutes): void {
  app.get("/healthz", { schema: documented.healthz, logLevel: "warn" }, async (_request, reply) => {
    return sendJson(reply, 200, JSON.stringify({ status: "ok" }));
  });

  // Ready = the source of truth answers. Redis is reported only: without it the service is slower, not wrong.
  app.get("/readyz", { schema: documented.readyz, logLevel: "warn" }, async (_request, reply) => {
    const [postgres, redis] = await Promise.all([answers(database.query("select 1")), answers(cache.info())]);
    const state = {
      status: postgres ? "ready" : "unready",
      postgres: postgres ? "up" : "down",
      redis: redis ? "up" : "down",
    };
    return sendJson(reply, postgres ? 200 : 503, JSON.stringify(state));
  });

  app.get("/metrics", { schema: documented.metrics, logLevel: "warn" }, async (_request, reply) => {
    return reply.type(metrics.contentType).send(await metrics.metrics());
  });
}

async function answers(question: Promise<unknown>): Promise<boolean> {
  try {
    await question;
    return true;
  } catch {
    return false;
  }
}
