import { connect } from "node:net";
import { DevStackError } from "./errors.ts";

/** A reply of the server; an error reply is a value here, because a probe judges it. */
export type RedisReply = string | number | null | Error | RedisReply[];

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

/** What a probe reads from INFO. */
export interface RedisIdentity {
  readonly pid: number;
  readonly kind: "valkey" | "redis";
  readonly version: string;
  /** False while the data set is being read from disk. */
  readonly ready: boolean;
}

/** Sends commands on a connection of their own and gives their replies in order. Just enough RESP to ask a server who it is. */
export function redisCommands(
  address: RedisAddress,
  commands: readonly (readonly string[])[],
  timeoutMs = 1_000,
): Promise<RedisReply[]> {
  const auth =
    address.password === undefined ? [] : [["AUTH", ...(address.username ? [address.username] : []), address.password]];
  const all = [...auth, ...commands];
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port });
    let received = Buffer.alloc(0);
    const fail = (why: string): void => {
      socket.destroy();
      reject(new DevStackError(`No Redis reply from ${address.host}:${address.port}: ${why}.`));
    };
    const timer = setTimeout(() => fail(`nothing within ${timeoutMs} ms`), timeoutMs);
    socket.on("close", () => {
      clearTimeout(timer);
      reject(new DevStackError(`No Redis reply from ${address.host}:${address.port}: it closed the connection.`));
    });
    socket.on("error", (error) => fail(error.message));
    socket.on("connect", () => socket.write(all.map(encode).join("")));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      const replies = decodeAll(received);
      if (replies.length < all.length) return;
      resolve(replies.slice(auth.length));
      socket.destroy();
    });
  });
}

/** Asks a server who it is; null when nothing at the address answers INFO. */
export async function identifyRedis(address: RedisAddress): Promise<RedisIdentity | null> {
  try {
    const [info] = await redisCommands(address, [["INFO"]]);
    if (typeof info !== "string") return null;
    const field = (name: string): string | undefined => new RegExp(`^${name}:(.*)\r?$`, "m").exec(info)?.[1]?.trim();
    const valkey = field("valkey_version");
    return {
      pid: Number(field("process_id") ?? 0),
      kind: valkey === undefined ? "redis" : "valkey",
      version: valkey ?? field("redis_version") ?? "unknown",
      ready: (field("loading") ?? "0") === "0",
    };
  } catch {
    return null;
  }
}

/** True when a Redis-compatible server answers at the address, be it with a refusal. */
export async function answersAsRedis(address: RedisAddress, timeoutMs = 2_000): Promise<boolean> {
  try {
    await redisCommands(address, [["PING"]], timeoutMs);
    return true;
  } catch {
    return false;
  }
}

function encode(command: readonly string[]): string {
  return `*${command.length}\r\n${command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

function decodeAll(bytes: Buffer): RedisReply[] {
  const replies: RedisReply[] = [];
  let at = 0;
  for (let next = decode(bytes, at); next !== null; next = decode(bytes, at)) {
    replies.push(next.reply);
    at = next.end;
  }
  return replies;
}

function decode(bytes: Buffer, at: number): { reply: RedisReply; end: number } | null {
  const lineEnd = bytes.indexOf("\r\n", at);
  if (lineEnd === -1) return null;
  const line = bytes.toString("utf8", at + 1, lineEnd);
  const start = lineEnd + 2;
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case "-":
      return { reply: new Error(line), end: start };
    case ":":
      return { reply: Number(line), end: start };
    case "$": {
      const length = Number(line);
      if (length < 0) return { reply: null, end: start };
      if (bytes.length < start + length + 2) return null;
      return { reply: bytes.toString("utf8", start, start + length), end: start + length + 2 };
    }
    case "*": {
      const items: RedisReply[] = [];
      let end = start;
      for (let i = 0; i < Number(line); i++) {
        const item = decode(bytes, end);
        if (item === null) return null;
        items.push(item.reply);
        end = item.end;
      }
      return { reply: items, end };
    }
    default:
      return { reply: line, end: start };
  }
}
