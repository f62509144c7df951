import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Cache } from "@cachepact/cache-core";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from "fastify";
import { sendError } from "./answer.ts";
import { observeReads } from "./cache-header.ts";
import { logRedis } from "./cache-log.ts";
import type { Database } from "./database.ts";
import { badRequest, errorBody, HttpError, notFound, toHttpError, tooLarge } from "./errors.ts";
import { openapi, schemas } from "./openapi.ts";
import { createPreferencesCache } from "./preferences/preferences-cache.ts";
import { createPreferencesRepository } from "./preferences/preferences-repository.ts";
import { createProfileCache } from "./profiles/profile-cache.ts";
import { createProfileRepository } from "./profiles/profile-repository.ts";
import { RepeatFilter } from "./repeat-filter.ts";
import { BODY_MAX_BYTES } from "./request.ts";
import { healthRoutes } from "./routes/health.ts";
import { preferencesRoutes } from "./routes/preferences.ts";
import { profileRoutes } from "./routes/profiles.ts";
import { userRoutes } from "./routes/users.ts";
import { createMetrics } from "./telemetry.ts";
import { createUserCache } from "./users/user-cache.ts";
import { createUserRepository } from "./users/user-repository.ts";

/** A request must have arrived whole within this time: a slow sender should not hold a connection. */
const REQUEST_TIMEOUT_MS = 15_000;

/** How often a stopping server closes connections that have become idle. */
const SWEEP_MS = 50;

export interface ServerParts {
  readonly cache: Cache;
  readonly database: Database;
  readonly log: FastifyBaseLogger;
}

/** The HTTP server with all routes, not listening yet. It closes neither the cache nor the database. */
export async function createServer({ cache, database, log }: ServerParts): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }), // one line a request, below, instead of two
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: "idle", // requests that run are answered, kept-alive connections do not hold the process
    return503OnClosing: false, // a request that still arrives while the server stops is answered as any other
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 16 * 1024 }, // an id is judged by what it says, not by its length
    frameworkErrors: (_error, _request, reply) => {
      void sendError(reply, badRequest("E_SYNTAX", "the path holds a broken percent-encoding"));
    },
    clientErrorHandler: refuseNonHttp,
  });
  // Bodies stay bytes: the contract reads them, whatever media type the client names. Schemas are documentation.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => String);

  const repeats = new RepeatFilter(() => performance.now());
  app.setErrorHandler((error, request, reply) => {
    const answer = fromFastify(error) ?? toHttpError(error);
    const { status, code, message } = answer;
    const reason = String(answer.cause);
    // An outage comes with many of these, and every request has its own line anyway.
    if (status >= 500) {
      repeats.pass(`${code} ${reason}`, (repeated) => {
        if (status === 503) request.log.warn({ code, reason, repeated }, message);
        else request.log.error({ code, repeated, err: error }, message);
      });
    }
    return sendError(reply, answer);
  });
  app.setNotFoundHandler((request, reply) => sendError(reply, notFound(`${request.method} ${pathOf(request.url)}`)));
  // The router lets `/users/` through with an empty id, which no route means.
  app.addHook("onRequest", (request, reply, done) => {
    // What a client calls its bytes is not looked at, so it is no reason to refuse them either.
    delete request.raw.headers["content-type"];
    if ((request.params as { id?: string } | undefined)?.id === "") reply.callNotFound();
    else done();
  });
  // A connection whose request still ran when the stop began becomes idle only now; it must not hold the process.
  let sweep: NodeJS.Timeout | undefined;
  app.addHook("preClose", async () => {
    sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
  });
  app.addHook("onClose", async () => clearInterval(sweep));
  app.addHook("onResponse", async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        url: pathOf(request.url),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 100) / 100,
        cache: reply.getHeader("x-cache"),
      },
      "request",
    );
  });

  await app.register(swagger, openapi);
  await app.register(swaggerUi, { routePrefix: "/docs" });
  for (const schema of schemas) app.addSchema(schema);
  observeReads(cache);
  logRedis(cache, log, repeats);
  const users = createUserRepository(database);
  const caches = {
    users: createUserCache(cache, users),
    profiles: createProfileCache(cache, createProfileRepository(database)),
    preferences: createPreferencesCache(cache, createPreferencesRepository(database)),
  };
  userRoutes(app, { ...caches, repository: users });
  profileRoutes(app, caches.profiles);
  preferencesRoutes(app, caches.preferences, caches.users);
  healthRoutes(app, { cache, database, metrics: createMetrics(cache) });
  app.get("/openapi.json", { schema: { hide: true }, logLevel: "warn" }, async () => app.swagger());
  return app;
}

/** Errors of the framework that a client caused; undefined = none of them. */
function fromFastify(error: unknown): HttpError | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") return tooLarge(BODY_MAX_BYTES);
  const status = "statusCode" in error ? Number(error.statusCode) : 500;
  return status >= 400 && status < 500 ? new HttpError(status, "E_SYNTAX", NON_HTTP) : undefined;
}

const NON_HTTP = "the request is not well-formed HTTP";

/** Answers what the parser of HTTP gave up on, in the form of all other errors. */
function refuseNonHttp(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  const body = errorBody(new HttpError(status, "E_SYNTAX", NON_HTTP));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function pathOf(url: string): string {
  return url.split("?", 1)[0] as string;
}
