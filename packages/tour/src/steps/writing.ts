import { Preferences, User } from "@cachepact/contracts";
import { entryKeys } from "@cachepact/wire";
import type { Step } from "../context.ts";
import { readableEntry } from "../entry.ts";
import { eventually, expect } from "../expect.ts";

/** How long the tour waits for an accepted write to reach Postgres. The worker needs milliseconds, a start-up seconds. */
const PERSISTED_WITHIN_MS = 10_000;

export const writeThrough: Step = async ({ say, typescript, python, redis, namespace, userId }) => {
  say.step("Write-through: committed in Postgres, seen by both languages at once");
  const { value: key } = entryKeys(User.record, namespace, { id: userId });
  for (const [writer, reader] of [
    [typescript, python],
    [python, typescript],
  ] as const) {
    const before = User.fromJson((await writer.get(`/users/${userId}`)).text);
    const name = `Ada of ${writer.name} ${before.version + 1}`;
    const written = await writer.request("PUT", `/users/${userId}`, User.toJson({ ...before, name }));
    say.did(`PUT /users/${userId}  (${writer.name})  ${written.status}`, written.ms);
    expect(written.status === 200, `a write answers 200, got ${written.status}: ${written.text}`);
    const seen = await reader.get(`/users/${userId}`);
    const user = User.fromJson(seen.text);
    say.did(
      `GET /users/${userId}  (${reader.name})  X-Cache: ${seen.cache}, name ${JSON.stringify(user.name)}, version ${user.version}`,
      seen.ms,
    );
    expect(
      user.name === name && user.version === before.version + 1,
      "the other language reads the committed row at once",
    );
    expect(seen.cache === "hit", `the write left the new value in Redis, X-Cache was ${seen.cache}`);
  }
  say.saw(await readableEntry(redis, User, key));
};

export const writeBehind: Step = async ({ say, typescript, python, redis, postgres, namespace, userId, signal }) => {
  say.step("Write-behind: accepted by Redis, seen at once, in Postgres moments later");
  const { value: key } = entryKeys(Preferences.record, namespace, { userId });
  const language = `x-tour-${Date.now().toString(36)}`;
  const preferences = { userId, theme: 2, language, emailOptIn: true, settings: { density: "compact" } };
  const started = performance.now();
  const accepted = await python.request("PUT", `/users/${userId}/preferences`, Preferences.toJson(preferences));
  say.did(`PUT /users/${userId}/preferences  (${python.name})  ${accepted.status}`, accepted.ms);
  expect(accepted.status === 202, `a write-behind is accepted with 202, got ${accepted.status}: ${accepted.text}`);
  say.saw(await readableEntry(redis, Preferences, key));
  for (const service of [typescript, python]) {
    const seen = await service.get(`/users/${userId}/preferences`);
    say.did(`GET /users/${userId}/preferences  (${service.name})  X-Cache: ${seen.cache}`, seen.ms);
    expect(Preferences.fromJson(seen.text).language === language, `${service.name} reads the accepted value at once`);
  }
  const row = await eventually(
    signal,
    async () => {
      const { rows } = await postgres.query<{ ver: string; doc: { language: string } }>(
        "select ver::text, doc from preferences where id = $1",
        [String(userId)],
      );
      return rows[0]?.doc.language === language ? rows[0] : undefined;
    },
    PERSISTED_WITHIN_MS,
    "the worker carries an accepted write into Postgres",
  );
  say.did(`Postgres has it: version ${row.ver}`, performance.now() - started);
  say.saw(JSON.stringify(row.doc));
  await eventually(
    signal,
    async () => ((await redis.pttl(key)) > 0 ? true : undefined),
    PERSISTED_WITHIN_MS,
    "a persisted value is clean and has a ttl",
  );
};
