import { Preferences } from "@cachepact/contracts";
import type { Step } from "../context.ts";
import { eventually, expect } from "../expect.ts";

/** How soon after Redis is back reads are hits again: reconnects are at most a second apart, with jitter. */
const RECOVERED_WITHIN_MS = 10_000;

export const redisDown: Step = async (tour) => {
  const { say, typescript, python, redisServer, userId } = tour;
  say.step("Redis is stopped: the database answers, write-behind says that it cannot");
  if (!redisServer) {
    say.note("left out: REDIS_URL names a server that is not the stack's own, which the tour does not stop");
    return;
  }
  let down = true;
  try {
    await redisServer.stop();
    say.did("the stack's Redis is stopped");
    for (const service of [typescript, python]) {
      const read = await service.get(`/users/${userId}`);
      say.did(`GET /users/${userId}  (${service.name})  ${read.status}, X-Cache: ${read.cache}`, read.ms);
      expect(
        read.cache !== "hit" && read.cache !== "stale",
        `the database answers while Redis is down, X-Cache was ${read.cache}`,
      );
      expect(read.ms < 2000, `a read does not wait for Redis, it took ${read.ms.toFixed(0)} ms`);
      const preferences = { userId, theme: 1, language: "en", emailOptIn: false, settings: {} };
      const refused = await service.request("PUT", `/users/${userId}/preferences`, Preferences.toJson(preferences));
      const retryAfter = refused.headers.get("retry-after");
      say.did(
        `PUT /users/${userId}/preferences  (${service.name})  ${refused.status}, Retry-After: ${retryAfter}`,
        refused.ms,
      );
      say.saw(refused.text);
      expect(
        refused.status === 503 && retryAfter !== null,
        "a write-behind that Redis cannot accept is refused with 503 and Retry-After",
      );
    }
    await redisServer.start();
    down = false;
  } finally {
    if (down) await redisServer.start();
  }
  await recovery(tour);
};

const recovery: Step = async ({ say, typescript, python, userId, signal }) => {
  say.step("Redis is back: hits again, without a restart of anything");
  const started = performance.now();
  for (const service of [typescript, python]) {
    const read = await eventually(
      signal,
      async () => {
        const answer = await service.get(`/users/${userId}`);
        return answer.cache === "hit" ? answer : undefined;
      },
      RECOVERED_WITHIN_MS,
      `${service.name} reads from Redis again`,
    );
    say.did(
      `GET /users/${userId}  (${service.name})  X-Cache: ${read.cache}, ${(performance.now() - started).toFixed(0)} ms after Redis came back`,
      read.ms,
    );
  }
  const preferences = { userId, theme: 1, language: "en", emailOptIn: false, settings: {} };
  const accepted = await eventually(
    signal,
    async () => {
      const answer = await typescript.request("PUT", `/users/${userId}/preferences`, Preferences.toJson(preferences));
      return answer.status === 202 ? answer : undefined;
    },
    RECOVERED_WITHIN_MS,
    "write-behind accepts again",
  );
  say.did(`PUT /users/${userId}/preferences  (${typescript.name})  ${accepted.status}`, accepted.ms);
};
