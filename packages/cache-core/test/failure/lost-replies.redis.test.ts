import { scripts } from "@cachepact/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Cache } from "../../src/index.ts";
import { eventually } from "../database.ts";
import { aUser, User, type UserKey } from "../entities.ts";
import { redisFixture } from "../redis-fixture.ts";

const redis = redisFixture();
const key: UserKey = { id: 1 };
const KEYS = 4;

/** A message as the server ran it: the arguments of a script after its keys. */
interface Message {
  readonly script: string;
  readonly argv: readonly string[];
}

let messages: Message[] = [];
let stopListening = (): void => {};
const sent = (script: string): (readonly string[])[] =>
  messages.filter((message) => message.script === script).map(({ argv }) => argv);
const unanswered = (script: string): number =>
  redis.events.filter((event) => event.type === "command_error" && event.command === script).length;
const outcomes = (): string[] => redis.events.flatMap((event) => (event.type === "write" ? [event.outcome] : []));

beforeEach(async () => {
  messages = [];
  const monitor = await redis.client.monitor();
  monitor.on("monitor", (_time: string, args: string[]) => {
    if (args[0]?.toLowerCase() !== "evalsha") return;
    const script = Object.values(scripts).find(({ sha1 }) => sha1 === args[1]);
    if (script !== undefined) messages.push({ script: script.name, argv: args.slice(3 + KEYS) });
  });
  stopListening = () => monitor.disconnect();
});
afterEach(() => {
  redis.server.resume();
  stopListening();
});

/** A deadline that a busy machine keeps once the server runs on; two of them would be as long as a socket's patience. */
async function connected(scriptTimeoutMs = 500): Promise<Cache> {
  const cache = redis.cache({ readTimeoutMs: 500, scriptTimeoutMs });
  await cache.ready();
  return cache;
}

// The server is frozen until a deadline has passed; then it runs what lies in its socket, late.
describe("a message that ran, and whose reply came too late", () => {
  test("begin: a second one with a token of its own takes the place of the first", async () => {
    const users = (await connected()).entity(User, { load: async () => null });
    redis.server.pause();
    const writing = users.write(key, async () => aUser(1, { version: 2 }));
    await eventually(() => unanswered("begin") === 1);
    redis.server.resume();
    await writing;
    await eventually(() => sent("store").length === 1);
    const [first, second] = sent("begin");
    expect(sent("begin")).toHaveLength(2);
    expect(second?.[0]).not.toBe(first?.[0]);
    expect(second?.[2]).toBe(first?.[0]);
    expect(outcomes()).toEqual(["stored"]);
    expect(await redis.client.exists("{user@1:1}@writers", "{user@1:1}@lease")).toBe(0);
  });

  test("both begins: the write commits, and its end takes down both fences", async () => {
    const users = (await connected(200)).entity(User, { load: async () => null });
    redis.server.pause();
    await users.write(key, async () => {
      expect(unanswered("begin")).toBe(2);
      redis.server.resume();
      return aUser(1, { version: 2 });
    });
    await eventually(() => sent("finish").length > 0);
    const [first, second] = sent("begin");
    expect(sent("finish")[0]?.slice(0, 2)).toEqual([second?.[0], first?.[0]]);
    expect(sent("store")).toEqual([]);
    expect(await redis.client.exists("{user@1:1}@writers", "{user@1:1}@lease", "user@1:1")).toBe(0);
  });

  test("store: it is not sent again, and the end that follows leaves its value", async () => {
    const users = (await connected()).entity(User, { load: async () => null });
    const writing = users.write(key, async () => {
      redis.server.pause();
      return aUser(1, { version: 2 });
    });
    await eventually(() => unanswered("store") === 1);
    redis.server.resume();
    await writing;
    await eventually(() => sent("finish").length > 0);
    expect(sent("store")).toHaveLength(1);
    expect(outcomes()).toEqual(["kept"]);
    expect(await users.getEntry(key)).toMatchObject({ source: "redis", version: 2 });
  });

  test("fill: it is not sent again, and its value is there", async () => {
    const users = (await connected()).entity(User, {
      load: async () => {
        redis.server.pause();
        return aUser(1);
      },
    });
    expect(await users.get(key)).toMatchObject({ id: 1 });
    expect(unanswered("fill")).toBe(1);
    redis.server.resume();
    await eventually(() => sent("fill").length === 1);
    expect(await users.getEntry(key)).toMatchObject({ source: "redis" });
    expect(sent("fill")).toHaveLength(1);
  });
});
