import type { Worker } from "@cachepact/writeback";
import { collectWorkerMetrics } from "@cachepact/writeback/prometheus";
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from "fastify";
import type { Logger } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";

/** `/healthz` (the process runs), `/readyz` (it can write) and `/metrics`. Not listening yet; the worker stays the caller's. */
export function createHealthServer(worker: Worker, log: Logger): FastifyInstance {
  const register = new Registry();
  collectDefaultMetrics({ register });
  collectWorkerMetrics(worker, register);

  // As the base type: the server's own type would otherwise name pino's, which its callers need not know.
  const loggerInstance: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  });
  app.get("/healthz", async () => ({ status: "ok" }));
  // A paused partition is no reason to take the process out: the others go on, and restarting would not repair it.
  app.get("/readyz", async (_request, reply) => {
    const { redis, postgres, logs } = worker.status();
    const ready = redis && postgres;
    return reply.code(ready ? 200 : 503).send({
      status: ready ? "ready" : "unready",
      redis: redis ? "up" : "down",
      postgres: postgres ? "up" : "down",
      logs,
    });
  });
  app.get("/metrics", async (_request, reply) => reply.type(register.contentType).send(await register.metrics()));
  return app;
}
