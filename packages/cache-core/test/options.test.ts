import { isCachepactError } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import * as defaults from "../src/options.ts";
import { type CacheOptions, resolveEntityOptions, resolveOptions } from "../src/options.ts";
import { ReplicaUser, User } from "./entities.ts";

const URL = "redis://localhost:6379";

function problemsOf(call: () => unknown): readonly string[] {
  try {
    call();
  } catch (error) {
    if (isCachepactError(error, "E_OPTION")) {
      for (const problem of error.problems ?? []) expect(error.message).toContain(problem);
      return error.problems ?? [];
    }
    throw error;
  }
  return [];
}

describe("options", () => {
  test("a URL is enough, and every default is a named constant", () => {
    const { clock, random, address, namespace, ...numbers } = resolveOptions({ redis: URL });
    expect(address).toEqual({ host: "localhost", port: 6379, db: 0, tls: false });
    expect(namespace).toBe("");
    expect(clock.monotonic()).toBeGreaterThan(0);
    expect(random.token()).toMatch(/^[A-Za-z0-9_-]{22}$/);
    const constants = new Set<unknown>(Object.values(defaults));
    expect(Object.entries(numbers).filter(([, value]) => !constants.has(value))).toEqual([]);
    expect(numbers).toMatchObject({
      readTimeoutMs: 100,
      scriptTimeoutMs: 200,
      leaseMs: 2_000,
      markerMs: 10_000,
      floorMs: 60_000,
    });
  });

  test("reads user, password, database, TLS and an IPv6 host from the URL", () => {
    expect(resolveOptions({ redis: "rediss://app:p%40ss@[::1]:7000/3" }).address).toEqual({
      host: "::1",
      port: 7000,
      db: 3,
      username: "app",
      password: "p@ss",
      tls: true,
    });
  });

  test("reports all problems of a call in one error", () => {
    const wrong = { redis: "http://localhost", namespace: "Not Good", readTimeoutMs: 0, leaseMs: 2.5, nonsense: true };
    const problems = problemsOf(() => resolveOptions(wrong));
    expect(problems).toHaveLength(5);
    expect(problems.join("\n")).toMatch(/nonsense[^]*redis must begin[^]*readTimeoutMs[^]*leaseMs/);
  });

  test("refuses what is no URL of Redis, and never repeats any part of it", () => {
    for (const redis of [
      "",
      "localhost:6379",
      "redis://",
      "redis://:secret@localhost/x",
      "redis://:secret@localhost?keyPrefix=a",
      "redis://:%zz@h",
      "redis://:secret@localhost/1e1",
      "redis://:secret@localhost/-1",
    ]) {
      const problems = problemsOf(() => resolveOptions({ redis }));
      expect(problems, redis).toHaveLength(1);
      expect(problems[0]).not.toContain("secret");
    }
    expect(problemsOf(() => resolveOptions(undefined as unknown as CacheOptions)).length).toBeGreaterThan(0);
  });

  test("a lease that one slow renewal would lose is refused", () => {
    expect(problemsOf(() => resolveOptions({ redis: URL, leaseMs: 600 }))).toEqual([
      "leaseMs is 600, but it must be more than three times scriptTimeoutMs (200)",
    ]);
    expect(problemsOf(() => resolveOptions({ redis: URL, leaseMs: 601, markerMs: 601 }))).toEqual([]);
  });
});

describe("entity options", () => {
  const cache = resolveOptions({ redis: URL });
  const load = async (): Promise<null> => null;

  test("a loader is enough", () => {
    const resolved = resolveEntityOptions(User.record, { load }, cache);
    expect(resolved.loadTimeoutMs).toBe(10_000);
    expect(resolved.enabled()).toBe(true);
  });

  test("reports all problems of a call in one error", () => {
    const wrong = { load: 5, enabled: true, loadTimeoutMs: -1, loader: load };
    expect(problemsOf(() => resolveEntityOptions(User.record, wrong as never, cache))).toHaveLength(4);
  });

  test("the namespace must not be the entity's own name", () => {
    const clashing = resolveOptions({ redis: URL, namespace: "user" });
    expect(problemsOf(() => resolveEntityOptions(User.record, { load }, clashing))).toHaveLength(1);
  });

  test("with replica reads the floor must outlive the longest load", () => {
    const short = resolveOptions({ redis: URL, floorMs: 10_000 });
    expect(problemsOf(() => resolveEntityOptions(ReplicaUser.record, { load }, short))).toHaveLength(1);
    expect(problemsOf(() => resolveEntityOptions(User.record, { load }, short))).toEqual([]);
  });
});
