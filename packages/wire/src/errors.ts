import { type ErrorCode, errors } from "./gen/errors.ts";

export type { ErrorCode };

/** What an error carries beside its code, when it applies. No field ever holds a value, a payload or a secret. */
export interface ErrorDetails {
  /** The error that led to this one. */
  cause?: unknown;
  /** Path of the field or key parameter at fault, by proto names: `labels`, `address.street`. */
  field?: string | undefined;
  /** When a retry makes sense, in ms from now. */
  retryAfterMs?: number | undefined;
  /** E_CONFLICT: the version that the entry has; 0 = absent. */
  current?: number | undefined;
  /** E_UNKNOWN: the op id to ask `status` about. */
  op?: string | undefined;
  /** Whether the caller's own transaction was committed. */
  committed?: boolean | undefined;
  /** E_OPTION, E_CONFIG: every problem found, one line each. */
  problems?: readonly string[] | undefined;
}

/**
 * The one error of cachepact, told apart by `code`, a closed list that every language shares.
 *
 * The message is `CODE: what was attempted, what was found, what to do`.
 */
export class CachepactError extends Error {
  readonly code: ErrorCode;
  /** Whether the same call may succeed later, by the vocabulary. */
  readonly retryable: boolean;
  declare readonly field?: string;
  declare readonly retryAfterMs?: number;
  declare readonly current?: number;
  declare readonly op?: string;
  declare readonly committed?: boolean;
  declare readonly problems?: readonly string[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { cause, ...rest } = details;
    super(`${code}: ${message}`, cause === undefined ? undefined : { cause });
    this.name = "CachepactError";
    this.code = code;
    this.retryable = errors[code].retryable;
    for (const [name, detail] of Object.entries(rest))
      if (detail !== undefined) Object.assign(this, { [name]: detail });
  }
}

/** Whether `error` is a CachepactError, of `code` when one is given. Also true across two copies of this package. */
export function isCachepactError(error: unknown, code?: ErrorCode): error is CachepactError {
  if (!(error instanceof Error) || error.name !== "CachepactError" || !("code" in error)) return false;
  return code === undefined ? Object.hasOwn(errors, String(error.code)) : error.code === code;
}
