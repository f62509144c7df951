import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Stack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack.close());

interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, { responses: Record<string, unknown>; requestBody?: unknown }>>;
  components: { schemas: Record<string, { required?: string[]; properties: Record<string, unknown> }> };
}

async function openapi(): Promise<OpenApi> {
  return (await stack.get("/openapi.json")).json() as unknown as OpenApi;
}

test("/healthz and /readyz", async () => {
  expect(await stack.get("/healthz")).toMatchObject({ status: 200, text: '{"status":"ok"}' });
  expect(await stack.get("/readyz")).toMatchObject({
    status: 200,
    text: '{"status":"ready","postgres":"up","redis":"up"}',
  });
});

test("/metrics has the process, the cache and the Redis server", async () => {
  const { id } = await stack.newUser();
  await stack.get(`/users/${id}`);
  const { text, headers } = await stack.get("/metrics");
  expect(headers.get("content-type")).toContain("text/plain");
  expect(text).toMatch(
    /^cachepact_requests_total\{[^}]*entity="user"[^}]*result="hit"[^}]*\} 1$|^cachepact_requests_total\{[^}]*result="hit"[^}]*entity="user"[^}]*\} 1$/m,
  );
  expect(text).toMatch(/^cachepact_redis_command_duration_seconds_bucket\{[^}]*command="get"/m);
  for (const name of ["process_cpu_seconds_total", "redis_memory_used_bytes", "redis_evicted_keys_total", "redis_up"]) {
    expect(text).toMatch(new RegExp(`^${name}(\\{[^}]*\\})? [0-9.e+]+$`, "m"));
  }
});

describe("the OpenAPI document", () => {
  test("lists every route with its answers", async () => {
    const { openapi: version, paths } = await openapi();
    expect(version).toBe("3.1.0");
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => `${method} ${path} ${Object.keys(responses).join(" ")}`),
    );
    expect(routes.toSorted()).toEqual([
      "delete /users/{id} 204 400 404 503",
      "get /healthz 200",
      "get /metrics 200",
      "get /profiles/{id} 200 400 404 503",
      "get /readyz 200 503",
      "get /users/{id} 200 400 404 503",
      "get /users/{id}/preferences 200 400 404 503",
      "post /users 201 400 413 503",
      "put /users/{id} 200 400 404 409 413 503",
      "put /users/{id}/preferences 202 400 404 413 503",
    ]);
  });

  test("describes values by the contract", async () => {
    const { components, paths } = await openapi();
    expect(components.schemas.User).toEqual({
      type: "object",
      title: undefined,
      required: ["balance_cents", "created_at", "email", "id", "labels", "name", "roles", "version"],
      properties: {
        id: { type: "integer", minimum: -9007199254740991, maximum: 9007199254740991 },
        email: { type: "string" },
        name: { type: "string" },
        created_at: { type: "string", format: "date-time" },
        roles: { type: "array", items: { type: "string" } },
        labels: { type: "object", additionalProperties: { type: "string" } },
        balance_cents: { type: "string", pattern: "^-?[0-9]{1,19}$" },
        version: { type: "integer", minimum: -9007199254740991, maximum: 9007199254740991 },
      },
    });
    expect(components.schemas.Preferences?.properties.theme).toEqual({
      type: "string",
      enum: ["THEME_UNSPECIFIED", "THEME_LIGHT", "THEME_DARK"],
    });
    expect(components.schemas.UserPut?.required).toEqual(["balance_cents", "email", "labels", "name", "roles"]);
    expect(paths["/users/{id}"]?.put?.requestBody).toMatchObject({
      content: { "application/json": { schema: { $ref: "#/components/schemas/UserPut" } } },
    });
  });

  test("has a page that loads nothing from elsewhere", async () => {
    const page = await stack.get("/docs/");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toContain("text/html");
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url as string);
    expect(loaded.length).toBeGreaterThan(2);
    for (const url of loaded) {
      expect(url).not.toMatch(/^(https?:)?\/\//);
      const asset = await stack.get(new URL(url, `${stack.url}/docs/`).pathname);
      expect(asset.status).toBe(200);
    }
  });
});

test("the log has one line for each request, no body and no query", async () => {
  const before = stack.log.length;
  await stack.request("PUT", "/users/1?token=s3cret", '{"email":"s3cret@example.com"}');
  const lines = stack.log.slice(before).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ method: "PUT", url: "/users/1", status: 400, msg: "request" });
  expect(JSON.stringify(lines)).not.toContain("s3cret");
});
