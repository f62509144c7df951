import { fileURLToPath } from "node:url";
import type { Request } from "../protocol.ts";
import { startTestee, type Testee } from "../testee.ts";

/** The services that the live tests run: one process each, with the cache of its kind. */
export const SERVICES = ["TypeScript", "Python, asyncio", "Python, threads"] as const;

export type ServiceName = (typeof SERVICES)[number];

/** One service that runs. */
export interface Service {
  readonly name: ServiceName;
  /** Asks for one thing. @throws {Error} with the reply, when it is an error */
  ask(request: Request): Promise<Readonly<Record<string, unknown>>>;
  /** Closes its cache and ends the process. */
  close(): Promise<void>;
}

function program(name: ServiceName): string {
  const file = name === "TypeScript" ? "typescript-client" : "python-client";
  return fileURLToPath(new URL(file, import.meta.url));
}

/** Starts a service on a contract folder and a Redis. */
export async function startService(name: ServiceName, contracts: string, redis: string): Promise<Service> {
  const testee: Testee = await startTestee(program(name), { contracts });
  const service: Service = {
    name,
    async ask(request) {
      const reply = await testee.ask(request);
      if ("ok" in reply) return reply.ok;
      throw new Error(`${name}: ${request.op} ${String(request["entity"])}: ${JSON.stringify(reply)}`);
    },
    close: () => testee.close(),
  };
  await service.ask({ op: "open", redis, sync: name === "Python, threads" });
  return service;
}

/** Starts one service of each kind. */
export function startServices(contracts: string, redis: string): Promise<readonly Service[]> {
  return Promise.all(SERVICES.map((name) => startService(name, contracts, redis)));
}
