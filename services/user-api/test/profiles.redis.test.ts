import { Profile } from "@cachepact/contracts";
import { entryKeys } from "@cachepact/wire";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { errorOf, Stack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack.close());

test("a profile is a view of the user: a miss, then a hit, with the same canonical bytes", async () => {
  const { id, created_at } = await stack.newUser({ name: "Ada", roles: ["admin"] });
  const miss = await stack.get(`/profiles/${id}`);
  expect(miss).toMatchObject({ status: 200, cache: "miss" });
  expect(miss.text).toBe(`{"display_name":"Ada","joined_at":"${created_at}","roles":["admin"],"user_id":${id}}`);
  expect(await stack.get(`/profiles/${id}`)).toMatchObject({ cache: "hit", text: miss.text });
});

test("its entry is plain JSON that any client reads", async () => {
  const { id } = await stack.newUser();
  await stack.pool.query("update users set bio = 'Hello, “world”' where id = $1", [id]);
  const answer = await stack.get(`/profiles/${id}`);
  const client = new Redis(stack.redis.url);
  const { value: key } = entryKeys(Profile.record, "", { userId: id });
  expect(key).toBe(`profile:${id}`);
  expect(await client.get(key)).toBe(answer.text);
  expect(answer.json()).toMatchObject({ bio: "Hello, “world”" });
  client.disconnect();
});

test("after a write of its user the old profile is gone", async () => {
  const user = await stack.newUser({ name: "before" });
  await stack.get(`/profiles/${user.id}`);
  await stack.put(`/users/${user.id}`, { ...user, name: "after" });
  const answer = await stack.get(`/profiles/${user.id}`);
  expect(answer).toMatchObject({ cache: "miss" });
  expect(answer.json()).toMatchObject({ display_name: "after" });
});

test("an unknown user is 404, an ill-formed id 400", async () => {
  const unknown = await stack.get("/profiles/987654321");
  expect(unknown.status).toBe(404);
  expect(errorOf(unknown)).toEqual({ code: "NOT_FOUND", message: "user 987654321 does not exist" });
  const wrong = await stack.get("/profiles/x");
  expect(wrong.status).toBe(400);
  expect(errorOf(wrong)).toMatchObject({ code: "E_TYPE", field: "id" });
});
