import type { CommandFailure } from "../events.ts";

/** Whether a failed command may have taken effect: `none` = surely not; `unknown` = it may have, or may yet. */
export type Effect = "none" | "unknown";

/**
 * A command without a usable reply. Internal: what callers see is the database's answer or a CachepactError.
 *
 * Every decision is made on `reason`, `effect` and `word`; the text is for people.
 */
export class TransportError extends Error {
  readonly reason: CommandFailure;
  readonly effect: Effect;
  /** The first word of the server's error (`OOM`, `NOSCRIPT`, `BADARG`), or TIMEOUT, UNAVAILABLE, CUT. */
  readonly word: string;

  constructor(reason: CommandFailure, effect: Effect, word: string, text: string, cause?: unknown) {
    super(`redis: ${text}`, cause === undefined || cause === null ? undefined : { cause });
    this.name = "TransportError";
    this.reason = reason;
    this.effect = effect;
    this.word = word;
  }
}

/** Words with which a server refuses a script before it runs. */
const REFUSALS: ReadonlySet<string> = new Set([
  "NOSCRIPT",
  "LOADING",
  "READONLY",
  "MASTERDOWN",
  "NOREPLICAS",
  "BUSY",
  "CLUSTERDOWN",
  "MISCONF",
  "NOAUTH",
  "NOPERM",
  "BADARG",
]);

/** Names what a client library or a server reported. */
export function classify(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && error.name === "ReplyError") {
    const word = text.split(" ", 1)[0] ?? "";
    // Redis 7 puts the script's own error word first; only the word is stable, the prose differs between servers.
    if (word === "OOM") return new TransportError("oom", "none", word, text);
    return new TransportError("error", REFUSALS.has(word) ? "none" : "unknown", word, text);
  }
  if (text.startsWith("Stream isn't writeable")) return new TransportError("unavailable", "none", "UNAVAILABLE", text);
  // The connection broke while the command was under way: the server may have run it.
  return new TransportError("unavailable", "unknown", "CUT", text, error);
}
