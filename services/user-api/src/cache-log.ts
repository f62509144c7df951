import type { Cache } from "@cachepact/cache-core";
import type { FastifyBaseLogger } from "fastify";
import type { RepeatFilter } from "./repeat-filter.ts";

/** Says in the log when Redis stops to answer and when it answers again: requests alone only become slower. */
export function logRedis(cache: Cache, log: FastifyBaseLogger, repeats: RepeatFilter): void {
  let troubled = false;
  cache.on((event) => {
    if (event.type === "command_error") {
      const { command, reason } = event;
      repeats.pass(`redis ${reason}`, (repeated) => {
        troubled = true;
        log.warn(
          { command, reason, repeated },
          "Redis gives no usable answer: reads go to the database, write-behinds are refused",
        );
      });
    } else if (event.type === "command" && troubled) {
      troubled = false;
      repeats.pass("redis answers", () => log.info("Redis answers"));
    }
  });
}
