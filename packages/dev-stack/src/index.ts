export type { Environment } from "./env-file.ts";
export { DevStackError } from "./errors.ts";
export { type Hold, type HoldOptions, hold } from "./hold.ts";
export { type PostgresOptions, type PostgresServer, startPostgres } from "./postgres.ts";
export { type RedisOptions, type RedisServer, startRedis } from "./redis.ts";
export type { RedisConfig } from "./redis-config.ts";
export { type DownOptions, type ServerStatus, Stack, type StackStatus, type UpOptions } from "./stack.ts";
