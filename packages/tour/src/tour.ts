import { Redis } from "ioredis";
import { Pool } from "pg";
import type { TourContext } from "./context.ts";
import { createNarrator } from "./narrate.ts";
import { createService } from "./service.ts";
import type { RunningStack } from "./stack.ts";
import { redisDown } from "./steps/failing.ts";
import { metrics } from "./steps/measuring.ts";
import { coldRead, naiveRead, otherLanguageRead, warmRead } from "./steps/reading.ts";
import { writeBehind, writeThrough } from "./steps/writing.ts";

const STEPS = [coldRead, warmRead, otherLanguageRead, naiveRead, writeThrough, writeBehind, metrics, redisDown];

/** One of the 10,000 seeded users. */
const USER_ID = 42;

/**
 * Walks through every promise of the running services; rejects with a TourFailure at the first that does not hold.
 *
 * Once `signal` is aborted it only puts back what it changed.
 */
export async function runTour(
  stack: RunningStack,
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<"as promised" | "interrupted"> {
  const redis = new Redis(stack.redisUrl, { maxRetriesPerRequest: 3 });
  redis.on("error", () => {}); // the tour itself stops Redis; commands report what fails
  const postgres = new Pool({ connectionString: stack.databaseUrl, max: 2 });
  postgres.on("error", () => {});
  const context: TourContext = {
    say: createNarrator(write),
    typescript: createService("TypeScript", stack.typescriptUrl, signal),
    python: createService("Python", stack.pythonUrl, signal),
    redis,
    postgres,
    redisUrl: stack.redisUrl,
    namespace: process.env.CACHE_NAMESPACE ?? "",
    ...(stack.redisServer ? { redisServer: stack.redisServer } : {}),
    userId: USER_ID,
    signal,
  };
  try {
    const started = performance.now();
    for (const step of STEPS) {
      signal.throwIfAborted();
      await step(context);
    }
    write(
      `\nThe tour is over: everything was as promised, in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`,
    );
    return "as promised";
  } catch (error) {
    if (!signal.aborted) throw error;
    return "interrupted";
  } finally {
    redis.disconnect();
    await postgres.end();
  }
}
