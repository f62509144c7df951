import { setTimeout as sleep } from "node:timers/promises";
import { entryKeys } from "@cachepact/wire";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../src/clock.ts";
import { Events } from "../src/events.ts";
import { systemRandom } from "../src/random.ts";
import { parseRedisAddress } from "../src/store/redis-address.ts";
import { Transport } from "../src/store/transport.ts";
import { classify } from "../src/store/transport-error.ts";
import { eventually } from "./database.ts";
import { User } from "./entities.ts";
import { redisFixture } from "./redis-fixture.ts";

const redis = redisFixture();
const READ_TIMEOUT_MS = 100;
const transports: Transport[] = [];
const keys = entryKeys(User.record, "", { id: 1 });
const names = [keys.value, keys.lease, keys.floor, keys.writers];
const finish = ["", "", "0", "60000", "0", "", ""];

function transport(onConnect: () => Promise<void> = async () => {}): Transport {
  const address = parseRedisAddress(redis.server.url);
  if (typeof address === "string") throw new Error(address);
  const made = new Transport({
    address,
    name: "test",
    readTimeoutMs: READ_TIMEOUT_MS,
    scriptTimeoutMs: 200,
    connectTimeoutMs: 1_000,
    clock: systemClock,
    random: systemRandom,
    events: new Events(),
    onConnect,
  });
  transports.push(made);
  return made;
}

async function failure(promise: Promise<unknown>): Promise<{ reason: string; effect: string }> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return classify(error);
}

afterEach(async () => {
  redis.server.resume();
  await Promise.all(transports.splice(0).map((one) => one.close()));
});

describe("transport", () => {
  test("the first command waits, within its deadline, for the first connection", async () => {
    await redis.client.set("key", "value");
    expect((await transport().get("key"))?.toString()).toBe("value");
  });

  test("a reply that arrived while the process was busy is not taken for missing", async () => {
    const busy = transport();
    await busy.ready();
    await redis.client.set("key", "value");
    const reading = busy.get("key");
    const until = performance.now() + 3 * READ_TIMEOUT_MS;
    while (performance.now() < until);
    expect((await reading)?.toString()).toBe("value");
  });

  test("a server that accepts and then says nothing is given up, and used when it speaks", async () => {
    redis.server.pause();
    const silent = transport();
    expect(await failure(silent.ready())).toMatchObject({ reason: "unavailable" });
    expect(silent.up).toBe(false);
    redis.server.resume();
    await eventually(() => silent.up);
  });

  test("says of a failure whether the command may have run", async () => {
    const frozen = transport();
    await frozen.ready();
    redis.server.pause();
    expect(await failure(frozen.get("key"))).toMatchObject({ reason: "timeout", effect: "unknown" });
    const cut = failure(frozen.command("PING"));
    expect(await cut).toMatchObject({ effect: "unknown" });
    await eventually(() => !frozen.up);
    expect(await failure(frozen.get("key"))).toMatchObject({ reason: "unavailable", effect: "none" });
    expect(frozen.downMs).toBeGreaterThan(0);
  });

  test("what was under way when a connection broke is never sent again behind our back", async () => {
    const cut = transport();
    await cut.ready();
    await redis.resetCalls();
    redis.server.pause();
    expect(await failure(cut.script("finish", names, finish))).toMatchObject({ reason: "timeout", effect: "unknown" });
    await eventually(() => !cut.up);
    redis.server.resume();
    await eventually(() => cut.up);
    await sleep(50); // A second copy would be on its way by now.
    expect(await redis.calls("evalsha")).toBe(1);
  });

  test("nothing is queued while the connection is away", async () => {
    const away = transport();
    await away.ready();
    await redis.server.kill();
    try {
      await eventually(() => !away.up);
      // Not "timeout": nobody waited for the next connection.
      expect(await failure(away.script("finish", names, finish))).toMatchObject({
        reason: "unavailable",
        effect: "none",
      });
    } finally {
      await redis.server.start();
      await eventually(async () => (await redis.client.ping().catch(() => "")) === "PONG");
    }
  });

  test("tells of each new connection, with a new epoch", async () => {
    let connected = 0;
    const watched = transport(async () => {
      connected += 1;
    });
    let up = 0;
    watched.onUp(() => {
      up += 1;
    });
    await watched.ready();
    const { epoch } = watched;
    await redis.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await eventually(() => up === 2);
    expect(connected).toBe(2);
    expect(watched.epoch).toBe(epoch + 1);
    expect(watched.downMs).toBe(0);
  });

  test("a set-up that failed is tried again on the same connection", async () => {
    let attempts = 0;
    const slow = transport(async () => {
      attempts += 1;
      if (attempts === 1) throw new Error("BUSY");
    });
    expect(await failure(slow.ready())).toMatchObject({ effect: "unknown" });
    await slow.ready();
    expect(attempts).toBe(2);
    expect(slow.epoch).toBe(0);
  });

  test("a server that was restored READONLY is left", async () => {
    const writing = transport();
    await writing.ready();
    await redis.client.call("REPLICAOF", "127.0.0.1", "1");
    try {
      expect(await failure(writing.script("finish", names, finish))).toMatchObject({ reason: "error", effect: "none" });
      await eventually(() => writing.epoch > 0);
    } finally {
      await redis.client.call("REPLICAOF", "NO", "ONE");
    }
  });
});
