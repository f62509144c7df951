import { connect } from "node:net";
import { DevStackError } from "./errors.ts";
import { answersAsPostgres } from "./postgres-probe.ts";
import { answersAsRedis } from "./redis-probe.ts";

type AddressVariable = "REDIS_URL" | "DATABASE_URL";

const DEFAULT_PORTS = { REDIS_URL: 6379, DATABASE_URL: 5432 } as const;
const CONNECT_TIMEOUT_MS = 3_000;

/**
 * Checks that something answers at an address that the user gave. Nothing is ever sent that changes it.
 * @throws {DevStackError} it is no URL, or nothing of the right kind answers.
 */
export async function checkGivenServer(variable: AddressVariable, address: string): Promise<void> {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null) {
    throw new DevStackError(
      `${variable} is set, but it is not a URL. Correct it, or remove it to use the stack's own server.`,
    );
  }
  if (await answersAt(variable, address)) return;
  throw new DevStackError(
    `${variable} is set, but no ${variable === "REDIS_URL" ? "Redis" : "Postgres"} answers at ${url.host}. ` +
      "Start that server, correct the address, or remove the variable to use the stack's own server.",
  );
}

/** True when a server of the right kind answers at the address, or when only its client can tell (a socket file). */
export async function answersAt(variable: AddressVariable, address: string): Promise<boolean> {
  const url = new URL(address);
  if (!url.hostname || url.protocol.startsWith("unix")) return true;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(url.port) || DEFAULT_PORTS[variable];
  if (variable === "DATABASE_URL") return answersAsPostgres(host, port, CONNECT_TIMEOUT_MS);
  // TLS answers no plain PING; that the port is open has to do.
  return url.protocol === "rediss:" ? accepts(host, port) : answersAsRedis({ host, port }, CONNECT_TIMEOUT_MS);
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(false));
    socket.once("error", () => settle(false));
  });
}

/** The address as it may be shown: without its password. */
export function withoutPassword(address: string): string {
  try {
    const url = new URL(address);
    if (url.password) url.password = "***";
    return url.href;
  } catch {
    return "(not a URL)";
  }
}
