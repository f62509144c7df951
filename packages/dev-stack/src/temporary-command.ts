import { constants } from "node:os";
import { createInterface } from "node:readline";
import { DevStackError } from "./errors.ts";

/** What the two kinds of temporary server have in common. */
export interface TemporaryServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  pause?(): void;
  resume?(): void;
}

/**
 * Serves one temporary server to a program in another language: prints `{"url","port","pid"}` on one line and lives
 * until its input closes. Each line of input is an order, `kill [SIGNAL]`, `start`, `pause` or `resume`, and is
 * answered by one line: the server as above, or `{"error"}`.
 */
export async function serveTemporary(server: TemporaryServer): Promise<void> {
  const describe = (): void => print({ url: server.url, port: server.port, pid: server.pid });
  const lines = createInterface({ input: process.stdin });
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => lines.close());
  // Whoever reads may be gone; the end of the input will say so.
  process.stdout.on("error", () => {});
  describe();
  for await (const line of lines) {
    try {
      await obey(server, line.trim());
      describe();
    } catch (error) {
      print({ error: error instanceof Error ? error.message : String(error) });
    }
  }
  await server.stop();
}

function print(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function obey(server: TemporaryServer, order: string): Promise<void> {
  const [verb, name = "SIGKILL"] = order.split(/\s+/);
  if (verb === "kill" && isSignal(name)) await server.kill(name);
  else if (verb === "start") await server.start();
  else if (verb === "pause" && server.pause) server.pause();
  else if (verb === "resume" && server.resume) server.resume();
  else {
    throw new DevStackError(
      `Unknown order ${JSON.stringify(order)}: use kill [SIGNAL], start, and for Redis pause or resume.`,
    );
  }
}

function isSignal(name: string): name is NodeJS.Signals {
  return name in constants.signals;
}
