import { randomBytes } from "node:crypto";
import { Preferences } from "@cachepact/contracts";
import { encodeWriteItem, scripts } from "@cachepact/wire";
import type { Redis } from "ioredis";
import { keysOf, until } from "./stack.ts";

/** The bytes of one write: what travels to the accept script. */
export interface Item {
  readonly userId: number;
  readonly head: Uint8Array;
  readonly payload: Uint8Array;
}

export function item(userId: number, value: Preferences | null): Item {
  const { head, payload } = encodeWriteItem(Preferences, String(userId), value);
  return { userId, head, payload };
}

/** Sends one write as SPEC 14 has it and gives the reply's word and number. `generation` is the event's. */
export async function send(client: Redis, { userId, head, payload }: Item, generation = 1): Promise<[string, number]> {
  const keys = keysOf(userId);
  if (keys.log === null) throw new Error("preferences have no log");
  const run = /^run_id:(.*?)\r?$/m.exec(await client.info("server"))?.[1] ?? "";
  const [seconds, micros] = await client.time();
  const skewUs = Number((await client.hget(keys.log.meta, "skew")) ?? 0);
  const deadline = Math.floor(Number(seconds) * 1_000 + (Number(micros) + skewUs) / 1_000) + 25_000;
  const ops = Math.floor(deadline / 30_000) % 2 === 0 ? keys.log.opsA : keys.log.opsB;
  const redisKeys = [keys.log.meta, keys.log.wb, keys.log.dirty, ops, keys.value];
  const op = randomBytes(16).toString("base64url");
  const cost = 2 * payload.length + 400;
  const args = [run, generation, 0, 1, op, deadline, 1, cost, keys.id, Buffer.from(head), Buffer.from(payload)];
  const reply = await client.eval(scripts.accept.source, redisKeys.length, ...redisKeys, ...args);
  const [word, number] = reply as [string, string];
  return [word, Number(number)];
}

/** Sends a write until its partition takes it, as a client would; gives its version. */
export async function accept(client: Redis, userId: number, value: Preferences | null): Promise<number> {
  return acceptItem(client, item(userId, value));
}

export async function acceptItem(client: Redis, write: Item, generation = 1): Promise<number> {
  let reply: [string, number] = ["NOTREADY", 0];
  await until(`the write of ${write.userId} to be accepted`, async () => {
    reply = await send(client, write, generation);
    // DUP: the client library sent it twice over a broken connection; the op made one write of it.
    if (reply[0] === "OK" || reply[0] === "DUP") return true;
    if (reply[0] !== "NOTREADY") throw new Error(`accept answered ${reply.join(" ")}`);
    return false;
  });
  return reply[1];
}
