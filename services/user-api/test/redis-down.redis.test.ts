import { afterAll, beforeAll, expect, test } from "vitest";
import { errorOf, eventually, Stack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack.close());

test("while Redis is down reads come from Postgres, writes commit, write-behinds are refused; afterwards it heals", async () => {
  const user = await stack.newUser({ name: "before" });
  await stack.put(`/users/${user.id}/preferences`, { language: "en" });
  await eventually(
    "the row of the preferences",
    async () => (await stack.pool.query("select 1 from preferences")).rows[0],
  );
  await stack.get(`/users/${user.id}`);
  await stack.get(`/profiles/${user.id}`);
  await stack.redis.kill();

  const read = await stack.get(`/users/${user.id}`);
  expect(read).toMatchObject({ status: 200, cache: "bypass" });
  expect(read.json()).toMatchObject({ name: "before" });
  expect((await stack.get(`/profiles/${user.id}`)).status).toBe(200);
  expect((await stack.get(`/users/${user.id}/preferences`)).json()).toMatchObject({ language: "en" });
  expect((await stack.get("/users/987654321")).status).toBe(404);

  const written = await stack.put(`/users/${user.id}`, { ...user, name: "after" });
  expect(written.status).toBe(200);
  expect((await stack.get(`/users/${user.id}`)).json()).toMatchObject({ name: "after" });
  expect((await stack.get(`/profiles/${user.id}`)).json()).toMatchObject({ display_name: "after" });

  const refused = await stack.put(`/users/${user.id}/preferences`, { language: "de" });
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toMatch(/^[1-9][0-9]*$/);
  expect(errorOf(refused)?.code).toBe("E_UNAVAILABLE");

  for (let i = 0; i < 50; i++) {
    await stack.get(`/users/${user.id}`);
    await stack.put(`/users/${user.id}/preferences`, { language: "de" });
  }
  const ready = await stack.get("/readyz");
  expect(ready).toMatchObject({ status: 200, text: '{"status":"ready","postgres":"up","redis":"down"}' });

  await stack.redis.start();
  await eventually("hits again", async () =>
    (await stack.get(`/users/${user.id}`)).cache === "hit" ? true : undefined,
  );
  expect((await stack.get(`/users/${user.id}`)).json()).toMatchObject({ name: "after" });
  expect((await stack.get(`/profiles/${user.id}`)).json()).toMatchObject({ display_name: "after" });
  await eventually("write-behinds again", async () => {
    const { status } = await stack.put(`/users/${user.id}/preferences`, { language: "fr" });
    return status === 202 ? true : undefined;
  });
  expect((await stack.get("/readyz")).json()).toMatchObject({ redis: "up" });
  // Besides the line of each request: that Redis is away, that write-behinds are refused, that Redis is back.
  const lines = stack.log.map((line) => JSON.parse(line) as { level: number; msg: string });
  const said = lines.filter(({ level, msg }) => level >= 40 || msg === "Redis answers").map(({ msg }) => msg);
  expect(said).toContain("Redis gives no usable answer: reads go to the database, write-behinds are refused");
  expect(said).toContain("the cache cannot take this now: try again later");
  expect(said).toContain("Redis answers");
  expect(said.length).toBeLessThan(15);
}, 60_000);

test("a Redis that hangs delays a read, it does not stop it", async () => {
  const { id } = await stack.newUser();
  stack.redis.pause();
  try {
    const started = performance.now();
    expect(await stack.get(`/users/${id}`)).toMatchObject({ status: 200 });
    expect(performance.now() - started).toBeLessThan(2_000);
  } finally {
    stack.redis.resume();
  }
});
