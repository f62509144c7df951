// Cache-aside as every tutorial writes it: ioredis, JSON.parse, JSON.stringify, SETEX. It knows nothing of cachepact.
import Redis from "ioredis";

const redis = new Redis(process.env.REDIS_URL ?? "redis://localhost:6379");
const database = JSON.parse(process.env.USERS ?? "{}");

async function getUser(id) {
  const key = `user:${id}`;

  const cached = await redis.get(key);
  if (cached) {
    return { source: "cache", user: JSON.parse(cached) };
  }

  const user = database[id] ?? null;
  await redis.setex(key, 3600, JSON.stringify(user));
  return { source: "database", user };
}

console.log(JSON.stringify(await getUser(process.argv[2])));
await redis.quit();
