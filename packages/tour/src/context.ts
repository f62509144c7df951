import type { Redis } from "ioredis";
import type { Pool } from "pg";
import type { Narrator } from "./narrate.ts";
import type { Service } from "./service.ts";

/** What every step of the tour works with: the running services, and Redis and Postgres seen from outside. */
export interface TourContext {
  readonly say: Narrator;
  readonly typescript: Service;
  readonly python: Service;
  readonly redis: Redis;
  readonly postgres: Pool;
  readonly redisUrl: string;
  readonly namespace: string;
  /** Stops and starts the stack's own Redis; absent when REDIS_URL names a foreign server. */
  readonly redisServer?: { stop(): Promise<void>; start(): Promise<void> };
  /** The user that the tour reads and writes. */
  readonly userId: number;
  /** Aborted when the person who watches has seen enough. */
  readonly signal: AbortSignal;
}

/** One part of the tour: prints what it does and throws a TourFailure when it is not as promised. */
export type Step = (tour: TourContext) => Promise<void>;
