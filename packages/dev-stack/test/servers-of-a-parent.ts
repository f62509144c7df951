import { startPostgres, startRedis } from "../src/index.ts";

// A program that starts servers and never stops them, for parent-death.redis.test.ts.
const servers = await Promise.all([startRedis(), startRedis({ config: { appendonly: "yes" } }), startPostgres()]);
process.stdout.write(`${JSON.stringify(servers.map((server) => server.pid))}\n`);
if (process.argv[2] === "hang") setInterval(() => {}, 60_000);
if (process.argv[2] === "exit") process.exit(3);
