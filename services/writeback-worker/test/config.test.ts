import { expect, describe as suite, test } from "vitest";
import { describe, loadConfig, loadDatabaseUrl } from "../src/config.ts";

const good = { REDIS_URL: "redis://localhost:6379", DATABASE_URL: "postgres://localhost/app" };

suite("the configuration", () => {
  test("has a default for all but the two URLs", () => {
    expect(loadConfig(good)).toEqual({
      redisUrl: "redis://localhost:6379",
      databaseUrl: "postgres://localhost/app",
      namespace: "",
      host: "127.0.0.1",
      port: 3003,
      logLevel: "info",
      logFormat: "auto",
    });
  });

  test("takes an empty variable as absent", () => {
    expect(loadConfig({ ...good, WRITEBACK_WORKER_PORT: "", CACHE_NAMESPACE: "", LOG_LEVEL: "" })).toEqual(
      loadConfig(good),
    );
  });

  test("lists every problem at once, without a value", () => {
    const secret = "hunter2";
    let problems: readonly string[] = [];
    try {
      loadConfig({
        REDIS_URL: `http://user:${secret}@host`,
        CACHE_NAMESPACE: "Not OK",
        WRITEBACK_WORKER_PORT: "70000",
        LOG_LEVEL: "loud",
        LOG_FORMAT: "xml",
      });
    } catch (error) {
      expect(error).toMatchObject({ code: "E_CONFIG" });
      ({ problems } = error as { problems: string[] } & Error);
      expect(String(error)).not.toContain(secret);
    }
    const names = ["REDIS_URL", "DATABASE_URL", "CACHE_NAMESPACE", "WRITEBACK_WORKER_PORT", "LOG_LEVEL", "LOG_FORMAT"];
    expect(problems).toHaveLength(names.length);
    for (const name of names) expect(problems).toContainEqual(expect.stringMatching(new RegExp(`^${name} `)));
    expect(problems.join()).not.toContain(secret);
  });

  test.each(["redis://host/0?family=6", "redis://host/cache", "redis://host#1", "redis:"])(
    "refuses REDIS_URL %j",
    (url) => {
      expect(() => loadConfig({ ...good, REDIS_URL: url })).toThrow(
        expect.objectContaining({ problems: ["REDIS_URL must be a URL like redis://host:6379"] }),
      );
    },
  );

  test("is shown without user names, passwords and parameters", () => {
    const shown = JSON.stringify(
      describe(
        loadConfig({
          REDIS_URL: "rediss://user:hunter2@redis:6380/1",
          DATABASE_URL: "postgres://user:hunter2@db:5432/app?sslkey=hunter2",
        }),
      ),
    );
    expect(shown).not.toMatch(/hunter2|user/);
    expect(shown).toContain("rediss://redis:6380/1");
    expect(shown).toContain("postgres://db:5432/app");
  });

  test("of the migrations is the database alone", () => {
    expect(loadDatabaseUrl({ DATABASE_URL: good.DATABASE_URL })).toBe(good.DATABASE_URL);
    expect(() => loadDatabaseUrl({})).toThrow(expect.objectContaining({ code: "E_CONFIG" }));
  });
});
