import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { errorOf, eventually, Stack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack.close());

const DARK = { theme: "THEME_DARK", language: "en", email_opt_in: true, settings: { density: "compact" } };

async function row(userId: number): Promise<{ ver: string; doc: unknown } | undefined> {
  const { rows } = await stack.pool.query<{ ver: string; doc: unknown }>(
    "select ver, doc from preferences where id = $1",
    [String(userId)],
  );
  return rows[0];
}

test("PUT is accepted with its version, read at once, and found in the table moments later", async () => {
  const { id } = await stack.newUser();
  const accepted = await stack.put(`/users/${id}/preferences`, DARK);
  expect(accepted.status).toBe(202);
  expect(accepted.json()).toEqual({ ...DARK, user_id: id });
  expect(accepted.headers.get("x-cachepact-version")).toMatch(/^[1-9][0-9]{12,}$/);
  expect(await stack.get(`/users/${id}/preferences`)).toMatchObject({ status: 200, text: accepted.text });
  const stored = await eventually("the row", () => row(id));
  expect(stored).toEqual({ ver: accepted.headers.get("x-cachepact-version"), doc: { ...DARK, user_id: id } });
});

test("what reached the table is read from it when the cache has lost it", async () => {
  const { id } = await stack.newUser();
  const accepted = await stack.put(`/users/${id}/preferences`, DARK);
  const version = accepted.headers.get("x-cachepact-version");
  await eventually("the row", async () => ((await row(id))?.ver === version ? true : undefined));
  const client = new Redis(stack.redis.url);
  const gone = await eventually("a clean entry", async () => {
    const [key] = (await client.keys("preferences@1:*")).filter((name) => name.endsWith(`:${id}`));
    return key !== undefined && (await client.pttl(key)) > 0 ? key : undefined;
  });
  await client.del(gone);
  expect(await stack.get(`/users/${id}/preferences`)).toMatchObject({
    status: 200,
    cache: "miss",
    text: accepted.text,
  });
  expect(await stack.get(`/users/${id}/preferences`)).toMatchObject({ status: 200, cache: "hit", text: accepted.text });
  client.disconnect();
});

test("the last of many writes is the one that stays", async () => {
  const { id } = await stack.newUser();
  for (let index = 0; index < 20; index += 1)
    await stack.put(`/users/${id}/preferences`, { ...DARK, language: `l${index}` });
  expect((await stack.get(`/users/${id}/preferences`)).json()).toMatchObject({ language: "l19" });
  await eventually(
    "the last row",
    async () => ((await row(id))?.doc as { language?: string } | undefined)?.language === "l19" || undefined,
  );
});

test("nothing set is 404, an unknown user is 404", async () => {
  const { id } = await stack.newUser();
  const unset = await stack.get(`/users/${id}/preferences`);
  expect(unset.status).toBe(404);
  expect(errorOf(unset)?.code).toBe("NOT_FOUND");
  const unknown = await stack.put("/users/987654321/preferences", DARK);
  expect(unknown.status).toBe(404);
  expect(errorOf(unknown)?.message).toBe("user 987654321 does not exist");
});

test("the preferences of a deleted user leave the table", async () => {
  const { id } = await stack.newUser();
  await stack.put(`/users/${id}/preferences`, DARK);
  await eventually("the row", () => row(id));
  await stack.request("DELETE", `/users/${id}`);
  await eventually("its end", async () => ((await row(id)) === undefined ? true : undefined));
});

test.each([
  ["x", "{}", "E_TYPE", "id"],
  ["1", "", "E_SYNTAX", undefined],
  ["1", '{"theme":"THEME_PINK"}', "E_TYPE", "theme"],
  ["1", '{"user_id":2}', "E_BINDING", "user_id"],
  ["1", '{"settings":{"a":5}}', "E_TYPE", "settings"],
])("PUT /users/%s/preferences %s is 400 %s", async (id, body, code, field) => {
  const answer = await stack.request("PUT", `/users/${id}/preferences`, body);
  expect(answer.status).toBe(400);
  expect(errorOf(answer)).toMatchObject(field === undefined ? { code } : { code, field });
});

test("a body over the limit of the entity, and one over the limit of the service, are 413", async () => {
  for (const length of [17_000, 70_000]) {
    const answer = await stack.put("/users/1/preferences", { settings: { a: "x".repeat(length) } });
    expect(answer.status).toBe(413);
    expect(errorOf(answer)?.code).toBe("E_SIZE");
  }
});
