import { afterAll, beforeAll, expect, test } from "vitest";
import { errorOf, eventually, Stack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack.close());

test("a statement that waits for a lock is given up: 503, and nothing is changed", async () => {
  const user = await stack.newUser();
  const locker = await stack.pool.connect();
  try {
    await locker.query("begin");
    await locker.query("select 1 from users where id = $1 for update", [user.id]);
    const answer = await stack.put(`/users/${user.id}`, { ...user, name: "late" });
    expect(answer.status).toBe(503);
    expect(errorOf(answer)?.code).toBe("UNAVAILABLE");
    await locker.query("commit");
  } finally {
    locker.release();
  }
  expect((await stack.get(`/users/${user.id}`)).json()).toMatchObject({ name: user.name, version: 1 });
});

test("while Postgres is down hits are served, everything else is 503 with Retry-After, and nothing is guessed", async () => {
  const user = await stack.newUser();
  const cached = await stack.get(`/users/${user.id}`);
  const other = await stack.pool.query<{ id: string }>(
    "insert into users (email, name) values ('o', 'o') returning id",
  );
  const uncached = other.rows[0]?.id;
  await stack.postgres.kill();

  expect(await stack.get(`/users/${user.id}`)).toMatchObject({ status: 200, cache: "hit", text: cached.text });
  const body = { email: "x", name: "x", roles: [], labels: {}, balance_cents: "0" };
  const refused = [
    await stack.get(`/users/${uncached}`),
    await stack.get(`/profiles/${uncached}`),
    await stack.get(`/users/${uncached}/preferences`),
    await stack.put(`/users/${uncached}/preferences`, {}),
    await stack.put(`/users/${uncached}`, body),
    await stack.put(`/users/${user.id}`, body),
    await stack.request("POST", "/users", JSON.stringify(body)),
    await stack.request("DELETE", `/users/${user.id}`),
    await stack.get("/users/987654321"),
  ];
  for (const answer of refused) {
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toMatch(/^[1-9][0-9]*$/);
    expect(answer.text).toBe(
      '{"error":{"code":"UNAVAILABLE","message":"the database does not answer: try again later"}}',
    );
  }
  // The request itself is still judged: it would not become right by waiting.
  expect((await stack.put(`/users/${uncached}`, { ...body, name: 5 })).status).toBe(400);
  expect(await stack.get("/healthz")).toMatchObject({ status: 200 });
  expect(await stack.get("/readyz")).toMatchObject({
    status: 503,
    text: '{"status":"unready","postgres":"down","redis":"up"}',
  });

  await stack.postgres.start();
  const back = await eventually("Postgres again", async () => {
    const answer = await stack.get(`/users/${uncached}`);
    return answer.status === 200 ? answer : undefined;
  });
  expect(back.json()).toMatchObject({ name: "o" });
  // The refused writes changed nothing, and the refused reads were not remembered as "not found".
  expect((await stack.get(`/users/${user.id}`)).json()).toMatchObject({ name: user.name, version: 1 });
  expect(errorOf(await stack.get("/users/987654321"))?.code).toBe("NOT_FOUND");
}, 60_000);
