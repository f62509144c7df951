import { Profile, User } from "@cachepact/contracts";
import { entryKeys } from "@cachepact/wire";
import type { Step } from "../context.ts";
import { readableEntry } from "../entry.ts";
import { expect } from "../expect.ts";
import { readNaively } from "../naive.ts";

export const coldRead: Step = async ({ say, typescript, redis, namespace, userId }) => {
  say.step("A cold read: Redis has nothing, the database answers, the entry is stored");
  const { value: key } = entryKeys(User.record, namespace, { id: userId });
  await redis.del(key);
  say.did(`redis-cli DEL ${key}`);
  const answer = await typescript.get(`/users/${userId}`);
  say.did(`GET ${typescript.url}/users/${userId}  (${typescript.name})  X-Cache: ${answer.cache}`, answer.ms);
  expect(answer.cache === "miss", `a read of an absent entry is a miss, X-Cache was ${answer.cache}`);
  say.saw(await readableEntry(redis, User, key));
  const ttlMs = await redis.pttl(key);
  const { ttl_ms: ttl, grace_ms: grace, jitter_ratio: jitter } = User.record;
  expect(
    ttlMs > ttl * (1 - jitter) + grace - 5000 && ttlMs <= ttl + grace,
    `the entry expires within ttl + grace, shortened by at most the jitter; PTTL was ${ttlMs}`,
  );
};

export const warmRead: Step = async ({ say, typescript, redis, userId }) => {
  say.step("A warm read: one GET");
  const answer = await typescript.get(`/users/${userId}`);
  say.did(`GET /users/${userId}  (${typescript.name})  X-Cache: ${answer.cache}`, answer.ms);
  expect(answer.cache === "hit", `a read of a fresh entry is a hit, X-Cache was ${answer.cache}`);
  const before = await calls(redis);
  for (let reads = 0; reads < 20; reads += 1) await typescript.get(`/users/${userId}`);
  const after = await calls(redis);
  say.did(`20 more reads: ${after.get - before.get} GET, ${after.evalsha - before.evalsha} scripts in Redis`);
  expect(after.get - before.get === 20 && after.evalsha === before.evalsha, "a hit costs one GET and nothing else");
};

export const otherLanguageRead: Step = async ({ say, typescript, python, userId }) => {
  say.step("The same entry, read by the other language");
  const theirs = await python.get(`/users/${userId}`);
  say.did(`GET ${python.url}/users/${userId}  (${python.name})  X-Cache: ${theirs.cache}`, theirs.ms);
  expect(theirs.cache === "hit", `Python has a hit on the entry that TypeScript stored, X-Cache was ${theirs.cache}`);
  const ours = await typescript.get(`/users/${userId}`);
  say.saw(theirs.text);
  expect(theirs.text === ours.text, "both services answer with the same bytes");
};

export const naiveRead: Step = async ({ say, python, redis, redisUrl, namespace, userId }) => {
  say.step("A profile is plain JSON: clients that know nothing of cachepact read it");
  const answer = await python.get(`/profiles/${userId}`);
  say.did(`GET /profiles/${userId}  (${python.name})  X-Cache: ${answer.cache}`, answer.ms);
  const { value: key } = entryKeys(Profile.record, namespace, { userId });
  say.saw(await readableEntry(redis, Profile, key));
  for (const client of ["ioredis + JSON.parse", "redis-py + json.loads"] as const) {
    const name = await readNaively(client, redisUrl, key);
    say.did(`${client}: display_name is ${JSON.stringify(name)}`);
    expect(name === JSON.parse(answer.text).display_name, `${client} reads the display name of the profile`);
  }
};

/** Calls of GET and of scripts so far, over all clients. */
async function calls(redis: { info(section: string): Promise<string> }): Promise<{ get: number; evalsha: number }> {
  const info = await redis.info("commandstats");
  const count = (command: string): number => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0);
  return { get: count("get"), evalsha: count("evalsha") + count("eval") };
}
