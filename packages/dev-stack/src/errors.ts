/**
 * A server could not be found, started or reached.
 *
 * The message says what was attempted, what was found and what to do. Passwords of addresses are never in it.
 */
export class DevStackError extends Error {
  override readonly name = "DevStackError";
}

/** The code that the system gives an error, such as `EEXIST`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** A server ended because something it needs is in use. */
export class BusyError extends DevStackError {
  /** `port`: another program listens there. `data`: the rest of a killed server still holds its data, for a moment. */
  readonly inUse: "port" | "data";

  constructor(message: string, inUse: "port" | "data") {
    super(message);
    this.inUse = inUse;
  }
}
