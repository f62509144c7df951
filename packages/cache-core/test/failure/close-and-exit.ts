// A process of its own for connection.redis.test.ts: uses a cache, closes it, and must then end with nothing left to do.
import { createCache } from "../../src/index.ts";
import { eventually } from "../database.ts";
import { aUser, Preferences, User, userWith } from "../entities.ts";

const [url = "", how = ""] = process.argv.slice(2);
process.on("unhandledRejection", () => process.exit(3));
const cache = createCache({ redis: url });
const users = cache.entity(User, { load: async () => aUser(1) });
cache.entity(Preferences, { load: async () => null });
if (how !== "never used") await users.get({ id: 1 });
process.stdout.write("ready\n");
for await (const _ of process.stdin) break;
if (how === "hung refresh") {
  // A stale entry whose refresh never ends: nobody waits for it, so that it must not keep the process alive.
  let loads = 0;
  const short = cache.entity(userWith({ entity: "hung-user", ttl_ms: 1, grace_ms: 60_000 }), {
    load: () => (++loads === 1 ? Promise.resolve(aUser(1)) : new Promise(() => {})),
  });
  await short.get({ id: 1 });
  await eventually(async () => {
    await short.get({ id: 1 });
    return loads === 2;
  });
}
if (how === "frozen server") {
  await users.get({ id: 1 });
  await users.write({ id: 1 }, async () => aUser(1, { version: 2 }));
}
const startedAt = performance.now();
await cache.close();
setTimeout(() => process.exit(performance.now() - startedAt > 4_000 ? 4 : 5), 4_000).unref();
