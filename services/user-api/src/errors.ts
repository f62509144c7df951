import { type CachepactError, type ErrorCode, isCachepactError } from "@cachepact/wire";

/** Codes of an HTTP error body: the closed list of the wire, and what only a service can say. */
export type HttpErrorCode = ErrorCode | "NOT_FOUND" | "CONFLICT" | "UNAVAILABLE" | "INTERNAL";

/** How long a client should wait when nothing better is known: a Redis or Postgres restart takes about this long. */
const RETRY_AFTER_MS = 1_000;

/** Codes of the wire that mean "not now": the same request may succeed later. Every other code is a bug or a wrong set-up. */
const NOT_NOW: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "E_UNAVAILABLE",
  "E_FULL",
  "E_FENCE",
  "E_PENDING",
  "E_LOAD_TIMEOUT",
  "E_UNKNOWN",
  "E_CLOSED",
]);

/** An error that a client is told: a status, a code, a message without secrets, and the field at fault. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: HttpErrorCode;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    status: number,
    code: HttpErrorCode,
    message: string,
    details: { field?: string | undefined; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.name = "HttpError";
    this.status = status;
    this.code = code;
    this.field = details.field;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** 404: the source of truth says that it does not exist. */
export function notFound(what: string): HttpError {
  return new HttpError(404, "NOT_FOUND", `${what} does not exist`);
}

/** 409: the row has another version than the request demands. */
export function conflict(what: string, expected: number, current: number): HttpError {
  return new HttpError(
    409,
    "CONFLICT",
    `${what} has version ${current}, the request expects ${expected}: read it again and decide anew`,
    {
      field: "version",
    },
  );
}

/** 400: the request is ill-formed; `field` is the proto name of the part at fault. */
export function badRequest(code: ErrorCode, message: string, field?: string): HttpError {
  return new HttpError(400, code, message, { field });
}

/** 413: the body is over the limit. */
export function tooLarge(limitBytes: number): HttpError {
  return new HttpError(413, "E_SIZE", `the body is larger than ${limitBytes} bytes: send less`);
}

/** 503: Postgres gives no answer. The cache may still have one; without it nothing is guessed. */
export class DatabaseUnavailable extends HttpError {
  constructor(cause: unknown) {
    super(503, "UNAVAILABLE", "the database does not answer: try again later", { retryAfterMs: RETRY_AFTER_MS, cause });
    this.name = "DatabaseUnavailable";
  }
}

/** Makes an HttpError of anything that a handler may throw. What is not meant for a client becomes a bare 500. */
export function toHttpError(error: unknown): HttpError {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof HttpError) return cause;
  }
  if (isCachepactError(error)) return fromCachepactError(error);
  return new HttpError(500, "INTERNAL", "the request failed inside the service: its log has the reason", {
    cause: error,
  });
}

function fromCachepactError(error: CachepactError): HttpError {
  if (NOT_NOW.has(error.code)) {
    return new HttpError(503, error.code, "the cache cannot take this now: try again later", {
      retryAfterMs: error.retryAfterMs ?? RETRY_AFTER_MS,
      cause: error,
    });
  }
  return new HttpError(500, error.code, "the request failed inside the service: its log has the reason", {
    cause: error,
  });
}

/** The body of every error, of both services: `{"error":{"code","message","field"?}}`. */
export function errorBody(error: HttpError): string {
  return JSON.stringify({ error: { code: error.code, message: error.message, field: error.field } });
}

/** Seconds for the header Retry-After, at least 1; undefined when a retry makes no sense. */
export function retryAfterSeconds(error: HttpError): string | undefined {
  return error.retryAfterMs === undefined ? undefined : String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
}

/** Ends the process with code 1 and says why on stderr, every problem on a line of its own. */
export function printAndExit(program: string, error: unknown): never {
  const lines =
    isCachepactError(error, "E_CONFIG") && error.problems
      ? [error.message, ...error.problems.map((problem) => `  ${problem}`)]
      : [String(error)];
  process.stderr.write(`${program}: ${lines.join("\n")}\n`);
  process.exit(1);
}
