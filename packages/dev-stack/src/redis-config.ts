import { LOOPBACK } from "./port.ts";

/** Settings of a Redis-compatible server by name, as its configuration file has them: `{ maxmemory: "64mb" }`. */
export type RedisConfig = Readonly<Record<string, string>>;

/** The text of a configuration file. A value is written as it is, so it may hold several words. */
export function redisConfigText(port: number, folder: string, config: RedisConfig): string {
  const settings: RedisConfig = { bind: LOOPBACK, save: "", appendonly: "no", ...config };
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value === "" ? '""' : value}`);
  const quoted = folder.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return `port ${port}\ndir "${quoted}"\n${lines.join("\n")}\n`;
}
