/** `cachepact-conformance/1`, as PROTOCOL.md defines it: what goes over a testee's standard input and output. */
export const PROTOCOL_VERSION = 1;

/** A request without its id, which the sender gives. Members by their names in PROTOCOL.md. */
export interface Request {
  readonly op: string;
  readonly [member: string]: unknown;
}

/** A code of the vocabulary; or one of the protocol's own, in lower case so that the two are never confused. */
export interface ReplyError {
  /**
   * `E_…`; `bad_request`: the request was malformed; `runtime_error`: the testee failed, crashed, hung, or broke the
   * protocol.
   */
  readonly code: string;
  /** For people; no two testees need agree on it. */
  readonly message: string;
}

/** Exactly one of the three. */
export type Reply =
  | { readonly ok: Readonly<Record<string, unknown>> }
  | { readonly error: ReplyError }
  | { readonly skipped: string };

/** What a testee says of itself. */
export interface Hello {
  readonly impl: string;
  readonly version: string;
  readonly ops: readonly string[];
}

/** Whether parsed JSON is a reply; its id is the caller's to compare. */
export function isReply(json: unknown): json is Reply & { readonly id: unknown } {
  if (!isObject(json)) return false;
  const { ok, error, skipped } = json;
  if ([ok, error, skipped].filter((each) => each !== undefined).length !== 1) return false;
  if (ok !== undefined) return isObject(ok);
  if (error !== undefined) return isObject(error) && typeof error["code"] === "string" && error["code"] !== "";
  return typeof skipped === "string";
}

export function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
