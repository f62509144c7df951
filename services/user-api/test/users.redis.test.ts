import { connect } from "node:net";
import { text as streamText } from "node:stream/consumers";
import { User } from "@cachepact/contracts";
import { entryKeys } from "@cachepact/wire";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { errorOf, Stack, type UserJson } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack.close());

const WHOLE = {
  email: "a@b.c",
  name: "Ada",
  roles: ["admin"],
  labels: { b: "2", a: "1" },
  balance_cents: "9007199254740993",
};

describe("GET /users/:id", () => {
  test("is a miss, then a hit, with the same canonical bytes", async () => {
    const { rows } = await stack.pool.query<{ id: string }>(
      `insert into users (email, name, created_at, roles, labels, balance_cents)
       values ('a@b.c', 'Łukasz 🚀', '2023-11-14T22:13:20.123Z', '{x,y}', '{"10":"x","9":"y","__proto__":"z"}', 9007199254740993) returning id`,
    );
    const id = rows[0]?.id;
    const miss = await stack.get(`/users/${id}`);
    expect(miss).toMatchObject({ status: 200, cache: "miss" });
    expect(miss.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(miss.text).toBe(
      `{"balance_cents":"9007199254740993","created_at":"2023-11-14T22:13:20.123Z","email":"a@b.c","id":${id},` +
        `"labels":{"10":"x","9":"y","__proto__":"z"},"name":"Łukasz 🚀","roles":["x","y"],"version":1}`,
    );
    const hit = await stack.get(`/users/${id}`);
    expect(hit).toMatchObject({ status: 200, cache: "hit", text: miss.text });
    expect(hit.headers.get("server-timing")).toMatch(/^cache;desc=hit;dur=[0-9.]+$/);
  });

  test("of an unknown user is 404, and that is remembered", async () => {
    const first = await stack.get("/users/987654321");
    expect(first).toMatchObject({ status: 404, cache: "miss" });
    expect(first.text).toBe('{"error":{"code":"NOT_FOUND","message":"user 987654321 does not exist"}}');
    expect(await stack.get("/users/987654321")).toMatchObject({ status: 404, cache: "negative", text: first.text });
  });

  test.each([
    ["abc", "E_TYPE"],
    ["042", "E_TYPE"],
    ["1.5", "E_TYPE"],
    ["9007199254740992", "E_RANGE"],
    ["%20", "E_TYPE"],
    ["1%3A2", "E_TYPE"],
  ])("of the ill-formed id %s is 400 and names the id", async (id, code) => {
    const answer = await stack.get(`/users/${id}`);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({ code, field: "id" });
  });

  test("a path with a broken percent-encoding is 400", async () => {
    const answer = await stack.get("/users/%zz");
    expect(answer.status).toBe(400);
    expect(errorOf(answer)?.code).toBe("E_SYNTAX");
  });

  test("garbage bytes under the key are a miss, counted, and replaced by the row", async () => {
    const { id } = await stack.newUser();
    const client = new Redis(stack.redis.url);
    const key = entryKeys(User.record, "", { id }).value;
    await client.set(key, Buffer.from("c1ca09garbage"));
    expect(await stack.get(`/users/${id}`)).toMatchObject({ status: 200, cache: "miss" });
    expect(await stack.get(`/users/${id}`)).toMatchObject({ status: 200, cache: "hit" });
    expect((await stack.get("/metrics")).text).toMatch(/cachepact_decode_failures_total\{[^}]*entity="user"[^}]*\} 1/);
    client.disconnect();
  });
});

describe("POST /users", () => {
  test("adds a user, says where it is, and leaves it in the cache", async () => {
    const added = await stack.request("POST", "/users", JSON.stringify(WHOLE));
    expect(added.status).toBe(201);
    const user = added.json() as unknown as UserJson;
    expect(user).toMatchObject({ ...WHOLE, version: 1 });
    expect(added.headers.get("location")).toBe(`/users/${user.id}`);
    expect(await stack.get(`/users/${user.id}`)).toMatchObject({ status: 200, cache: "hit", text: added.text });
  });

  test("a remembered 'not found' of the next id does not hide the new user", async () => {
    const { id } = await stack.newUser();
    expect(await stack.get(`/users/${id + 1}`)).toMatchObject({ status: 404 });
    expect(await stack.get(`/profiles/${id + 1}`)).toMatchObject({ status: 404 });
    const next = await stack.newUser({ name: "Next" });
    expect(next.id).toBe(id + 1);
    expect((await stack.get(`/users/${next.id}`)).json()).toMatchObject({ name: "Next" });
    expect((await stack.get(`/profiles/${next.id}`)).json()).toMatchObject({ display_name: "Next" });
  });
});

describe("PUT /users/:id", () => {
  test("replaces the row, raises its version by one, and the next read is a hit on the new value", async () => {
    const user = await stack.newUser();
    const saved = await stack.put(`/users/${user.id}`, WHOLE);
    expect(saved.status).toBe(200);
    expect(saved.json()).toEqual({ ...WHOLE, id: user.id, created_at: user.created_at, version: 2 });
    expect(await stack.get(`/users/${user.id}`)).toMatchObject({ cache: "hit", text: saved.text });
    const { rows } = await stack.pool.query("select name, labels, version from users where id = $1", [user.id]);
    expect(rows).toEqual([{ name: "Ada", labels: WHOLE.labels, version: "2" }]);
  });

  test("takes back what GET gave, and ignores created_at", async () => {
    const user = await stack.newUser();
    const saved = await stack.put(`/users/${user.id}`, { ...user, name: "Grace", created_at: "2001-01-01T00:00:00Z" });
    expect(saved.json()).toEqual({ ...user, name: "Grace", version: 2 });
  });

  test("with a version that the row does not have is 409 and changes nothing", async () => {
    const user = await stack.newUser();
    await stack.put(`/users/${user.id}`, { ...user, name: "first" });
    const late = await stack.put(`/users/${user.id}`, { ...user, name: "second" });
    expect(late.status).toBe(409);
    expect(errorOf(late)).toMatchObject({ code: "CONFLICT", field: "version" });
    expect((await stack.get(`/users/${user.id}`)).json()).toMatchObject({ name: "first", version: 2 });
  });

  test("of an unknown user is 404 and adds nothing", async () => {
    expect(await stack.put("/users/123456789", WHOLE)).toMatchObject({ status: 404 });
    expect((await stack.pool.query("select 1 from users where id = 123456789")).rowCount).toBe(0);
  });

  test("writers at once all commit, and what is read afterwards is the last commit", async () => {
    const { id } = await stack.newUser();
    const names = Array.from({ length: 20 }, (_, index) => `name ${index}`);
    const answers = await Promise.all(names.map((name) => stack.put(`/users/${id}`, { ...WHOLE, name })));
    expect(answers.map((answer) => answer.status)).toEqual(names.map(() => 200));
    const { rows } = await stack.pool.query<{ name: string; version: string }>(
      "select name, version from users where id = $1",
      [id],
    );
    expect(rows[0]?.version).toBe("21");
    expect((await stack.get(`/users/${id}`)).json()).toMatchObject({ name: rows[0]?.name, version: 21 });
  });
});

describe("bad bodies", () => {
  test.each([
    ["", "E_SYNTAX", undefined],
    ["{", "E_TRUNCATED", undefined],
    ["nonsense", "E_SYNTAX", undefined],
    [JSON.stringify({ ...WHOLE, email: 5 }), "E_TYPE", "email"],
    [JSON.stringify({ ...WHOLE, balance_cents: "9223372036854775808" }), "E_RANGE", "balance_cents"],
    [JSON.stringify({ ...WHOLE, name: undefined }), "E_MISSING", "name"],
    [JSON.stringify({ ...WHOLE, name: "a\0b" }), "E_TYPE", "name"],
  ])("PUT %j is 400 %s", async (body, code, field) => {
    const { id } = await stack.newUser();
    const answer = await stack.request("PUT", `/users/${id}`, body);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject(field === undefined ? { code } : { code, field });
    expect((await stack.get(`/users/${id}`)).json()).toMatchObject({ version: 1 });
  });

  test("a POST without a body is 400", async () => {
    const answer = await stack.request("POST", "/users");
    expect(answer.status).toBe(400);
    expect(errorOf(answer)?.code).toBe("E_SYNTAX");
  });

  test("a body over 64 KiB is 413, one just below is read", async () => {
    const { id } = await stack.newUser();
    const padded = (bytes: number): string => {
      const text = JSON.stringify(WHOLE);
      return text + " ".repeat(bytes - text.length);
    };
    const large = await stack.request("PUT", `/users/${id}`, padded(64 * 1024 + 1));
    expect(large.status).toBe(413);
    expect(large.text).toBe('{"error":{"code":"E_SIZE","message":"the body is larger than 65536 bytes: send less"}}');
    expect((await stack.request("PUT", `/users/${id}`, padded(60 * 1024))).status).toBe(200);
  });

  test("the media type does not matter, the bytes do", async () => {
    const { id } = await stack.newUser();
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8"]) {
      const headers = { "content-type": type };
      const response = await fetch(`${stack.url}/users/${id}`, { method: "PUT", headers, body: JSON.stringify(WHOLE) });
      expect(response.status).toBe(200);
      await response.text();
    }
  });

  test("a media type that is none does not matter either", async () => {
    const body = JSON.stringify({ email: "a@b.c", name: "Ada" });
    const answer = await fetch(`${stack.url}/users`, { method: "POST", body, headers: { "content-type": ";;;" } });
    expect(answer.status).toBe(201);
  });

  test.each([
    ["hello\r\n\r\n", 400],
    [`GET /users/1 HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(70_000)}\r\n\r\n`, 431],
    ["PUT /users/1 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400],
  ])("what is no HTTP is refused in the same form (%#)", async (text, status) => {
    const socket = connect(Number(new URL(stack.url).port), "127.0.0.1");
    socket.on("error", () => undefined); // the server may close before it has read all
    socket.write(text);
    const [head = "", body = ""] = (await streamText(socket)).split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(body)).toEqual({
      error: { code: "E_SYNTAX", message: "the request is not well-formed HTTP" },
    });
  });

  test("unknown routes and methods are 404 in the same form", async () => {
    for (const [method, path] of [
      ["GET", "/nothing"],
      ["PATCH", "/users/1"],
      ["GET", "/users/"],
      ["GET", "/users/1/"],
    ] as const) {
      const answer = await stack.request(method, path);
      expect(answer.status).toBe(404);
      expect(errorOf(answer)).toEqual({ code: "NOT_FOUND", message: `${method} ${path} does not exist` });
    }
  });
});

describe("DELETE /users/:id", () => {
  test("deletes the row; every route says so at once, and the second time it is 404", async () => {
    const { id } = await stack.newUser();
    await stack.get(`/users/${id}`);
    await stack.get(`/profiles/${id}`);
    const deleted = await stack.request("DELETE", `/users/${id}`);
    expect(deleted).toMatchObject({ status: 204, text: "" });
    for (const path of [`/users/${id}`, `/profiles/${id}`, `/users/${id}/preferences`])
      expect((await stack.get(path)).status).toBe(404);
    expect((await stack.put(`/users/${id}/preferences`, {})).status).toBe(404);
    expect((await stack.request("DELETE", `/users/${id}`)).status).toBe(404);
  });
});
