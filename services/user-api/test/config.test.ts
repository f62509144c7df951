import { isCachepactError } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import { describe as describeConfig, loadConfig } from "../src/config.ts";

const RIGHT = { REDIS_URL: "redis://127.0.0.1:6379", DATABASE_URL: "postgres://127.0.0.1:5432/postgres" };

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (isCachepactError(error, "E_CONFIG")) return error.problems ?? [];
    throw error;
  }
  return [];
}

describe("the configuration", () => {
  test("has defaults for all but the two servers", () => {
    expect(loadConfig(RIGHT)).toEqual({
      redisUrl: RIGHT.REDIS_URL,
      databaseUrl: RIGHT.DATABASE_URL,
      namespace: "",
      host: "127.0.0.1",
      port: 3001,
      logLevel: "info",
      logFormat: "auto",
    });
  });

  test("takes every variable", () => {
    const env = {
      ...RIGHT,
      CACHE_NAMESPACE: "acme",
      HOST: "0.0.0.0",
      USER_API_PORT: "0",
      LOG_LEVEL: "debug",
      LOG_FORMAT: "json",
    };
    expect(loadConfig(env)).toMatchObject({
      namespace: "acme",
      host: "0.0.0.0",
      port: 0,
      logLevel: "debug",
      logFormat: "json",
    });
  });

  test("an empty variable counts as absent", () => {
    expect(loadConfig({ ...RIGHT, CACHE_NAMESPACE: "", HOST: "", USER_API_PORT: "", LOG_LEVEL: "" }).port).toBe(3001);
    expect(problemsOf({ ...RIGHT, REDIS_URL: "" })).toEqual([
      "REDIS_URL is missing: set it to something like redis://host:6379",
    ]);
  });

  test("every problem is listed at once, and no value", () => {
    const problems = problemsOf({
      REDIS_URL: "http://user:s3cret@host",
      CACHE_NAMESPACE: "No Spaces!",
      USER_API_PORT: "65536",
      LOG_LEVEL: "loud",
      LOG_FORMAT: "xml",
    });
    expect(problems.map((problem) => problem.split(" ", 1)[0])).toEqual([
      "REDIS_URL",
      "DATABASE_URL",
      "CACHE_NAMESPACE",
      "USER_API_PORT",
      "LOG_LEVEL",
      "LOG_FORMAT",
    ]);
    expect(problems.join("\n")).not.toMatch(/s3cret|No Spaces|65536|loud/);
  });

  test.each([
    "redis:",
    "redis://",
    "not a url",
    "http://host",
    "postgres://host",
    "redis://host/0?family=6",
    "redis://host/cache",
    "redis://host#1",
  ])("REDIS_URL %j is refused", (url) => {
    expect(problemsOf({ ...RIGHT, REDIS_URL: url })).toEqual(["REDIS_URL must be a URL like redis://host:6379"]);
  });

  test.each(["-1", "80a", "3.5", "1e3", " 80"])("USER_API_PORT %j is refused", (port) => {
    expect(problemsOf({ ...RIGHT, USER_API_PORT: port })).toEqual([
      "USER_API_PORT must be a whole number from 0 to 65535",
    ]);
  });

  test("what a log shows of the URLs is where they lead, not who goes there", () => {
    const config = loadConfig({
      REDIS_URL: "rediss://user:s3cret@cache.internal:6380/0",
      DATABASE_URL: "postgres://app:s3cret@db.internal/users?sslpassword=s3cret",
    });
    const shown = describeConfig(config);
    expect(shown).toMatchObject({
      redisUrl: "rediss://cache.internal:6380/0",
      databaseUrl: "postgres://db.internal/users",
    });
    expect(JSON.stringify(shown)).not.toMatch(/s3cret|user:|app/);
  });
});
