// A client that knows nothing of cachepact: one GET, JSON.parse.
import { Redis } from "ioredis";

const [url, key] = process.argv.slice(2);
const redis = new Redis(url);
const profile = JSON.parse(await redis.get(key));
console.log(profile.display_name);
redis.disconnect();
