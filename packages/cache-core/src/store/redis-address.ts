/** Where Redis is. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls: boolean;
}

/**
 * Reads `redis://[user:password@]host[:port][/db]` or `rediss://…`; a string is what is wrong with it.
 *
 * The URL may hold a password, so that no problem repeats any part of it.
 */
export function parseRedisAddress(url: unknown): RedisAddress | string {
  if (typeof url !== "string" || !URL.canParse(url)) return "redis must be a URL such as redis://localhost:6379";
  const { protocol, hostname, port, pathname, username, password, search, hash } = new URL(url);
  if (protocol !== "redis:" && protocol !== "rediss:") return "redis must begin with redis:// or rediss://";
  if (hostname === "") return "redis must name a host";
  // Parameters would reach the client library and could undo the settings that the failure handling rests on.
  if (search !== "" || hash !== "") return "redis must not have query parameters or a fragment";
  const database = pathname.slice(1);
  if (!/^\d{0,9}$/.test(database)) return "redis must name its database by a number, as in redis://localhost:6379/1";
  let credentials: readonly [string, string];
  try {
    credentials = [decodeURIComponent(username), decodeURIComponent(password)];
  } catch {
    return "redis must percent-encode its user and password";
  }
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? 6379 : Number(port),
    db: Number(database),
    ...(credentials[0] === "" ? {} : { username: credentials[0] }),
    ...(credentials[1] === "" ? {} : { password: credentials[1] }),
    tls: protocol === "rediss:",
  };
}
