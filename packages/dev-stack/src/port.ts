import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { DevStackError } from "./errors.ts";

export const LOOPBACK = "127.0.0.1";

// Below the range that systems take outgoing ports from (from 32768 on Linux, 49152 on macOS): there a client that
// reconnects to a stopped server can be given the server's own port, talk to itself and keep it from starting again.
// Plus 10000, where a Cluster node opens its bus, is below that range as well.
const LOWEST = 12_000;
const HIGHEST = 21_999;
const ATTEMPTS = 100;

/**
 * The port that a stack asks for the first time it starts.
 *
 * A person's stack keeps to known ports, so that bookmarks and clients go on working. A stack in a folder of its own
 * (`CACHEPACT_DEV_DIR`), as tests make them, takes a random one: while its server is stopped for a moment, another
 * such stack would otherwise take the port, and its clients would be talking to somebody else's server.
 */
export function firstPort(known: number): number | undefined {
  return process.env["CACHEPACT_DEV_DIR"] ? undefined : known;
}

/** A free port on loopback, `preferred` if that one is free. Another process may still take it first: retry then. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (await isFree(port)) return port;
  }
  throw new DevStackError(
    `Could not find a free port: ${ATTEMPTS} random ones from ${LOWEST} to ${HIGHEST} of ${LOOPBACK} are in use. End programs that listen there.`,
  );
}

/** True when nothing listens on this port of loopback. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Reads a port number, `what` names where it came from. */
export function parsePort(text: string, what: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) {
    throw new DevStackError(`${what} should be a port number from 1 to 65535, found ${JSON.stringify(text)}.`);
  }
  return port;
}
