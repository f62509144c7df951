import { CachepactError } from "@cachepact/wire";
import type { Reply, Transport } from "./transport.ts";
import { classify } from "./transport-error.ts";

/** What one connection has learned about its server; another connection may lead to another server. */
export interface ServerInfo {
  /** `run_id` of the server process: write-behind uses a partition only under the process that a worker has armed. */
  readonly runId: string;
  /** `maxmemory-policy`, or null when neither CONFIG nor INFO may tell. */
  readonly evictionPolicy: string | null;
}

/** Figures of the server, from INFO. */
export interface RedisInfo {
  readonly usedMemoryBytes: number;
  /** 0 = no limit. */
  readonly maxMemoryBytes: number;
  readonly evictedKeys: number;
  readonly expiredKeys: number;
  readonly keyspaceHits: number;
  readonly keyspaceMisses: number;
  readonly evictionPolicy: string | null;
}

/** Asks a new connection for what it must know. INFO must be allowed; CONFIG need not be. */
export async function probeServer(transport: Transport): Promise<ServerInfo> {
  const [info, policy] = await Promise.all([readInfo(transport), configuredPolicy(transport)]);
  return { runId: info.get("run_id") ?? "", evictionPolicy: policy ?? info.get("maxmemory_policy") ?? null };
}

/** Reads the figures of the server. @throws {CachepactError} E_UNAVAILABLE */
export async function redisInfo(transport: Transport): Promise<RedisInfo> {
  let info: Map<string, string>;
  try {
    info = await readInfo(transport);
  } catch (cause) {
    throw new CachepactError("E_UNAVAILABLE", "could not read INFO of Redis; try again when it answers", {
      cause,
      retryAfterMs: 1000,
    });
  }
  const figure = (name: string): number => Number(info.get(name) ?? 0);
  return {
    usedMemoryBytes: figure("used_memory"),
    maxMemoryBytes: figure("maxmemory"),
    evictedKeys: figure("evicted_keys"),
    expiredKeys: figure("expired_keys"),
    keyspaceHits: figure("keyspace_hits"),
    keyspaceMisses: figure("keyspace_misses"),
    evictionPolicy: info.get("maxmemory_policy") ?? null,
  };
}

/** Reads TIME, in epoch ms. */
export async function serverTimeMs(transport: Transport): Promise<number> {
  const reply = await transport.command("TIME");
  const [seconds, micros] = Array.isArray(reply) ? reply : [];
  return Number(text(seconds)) * 1000 + Math.floor(Number(text(micros)) / 1000);
}

async function readInfo(transport: Transport): Promise<Map<string, string>> {
  const lines = text(await transport.command("INFO")).split("\r\n");
  return new Map(
    lines.flatMap((line) => {
      const colon = line.indexOf(":");
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
    }),
  );
}

/** Managed services often forbid CONFIG; INFO then has the answer, on most of them. */
async function configuredPolicy(transport: Transport): Promise<string | null> {
  try {
    const reply = await transport.command("CONFIG", "GET", "maxmemory-policy");
    return Array.isArray(reply) && reply.length === 2 ? text(reply[1]) : null;
  } catch (error) {
    if (classify(error).reason === "error") return null;
    throw error;
  }
}

/** A bulk string of a reply as text; empty for anything else. */
export function text(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) ? reply.toString("latin1") : "";
}
