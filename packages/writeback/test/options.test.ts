import { Preferences, Profile, User } from "@cachepact/contracts";
import { describe, expect, test } from "vitest";
import { runWorker, table } from "../src/index.ts";
import { resolveOptions } from "../src/options.ts";

const sink = table({ entity: Preferences, table: "preferences" });
const good = { redis: "redis://localhost", postgres: "postgres://localhost/x", sinks: [sink] };

describe("options", () => {
  test("get their defaults", () => {
    expect(resolveOptions(good)).toMatchObject({
      namespace: "",
      concurrency: 4,
      batchEventsMax: 500,
      batchBytesMax: 1_048_576,
      leaseMs: 3_000,
      heartbeatMs: 600,
      pollMs: 10,
      idlePollMs: 100,
      logLimitBytes: null,
      stopTimeoutMs: 10_000,
    });
    expect(resolveOptions(good).id).not.toBe(resolveOptions(good).id);
  });

  test("are refused with every problem at once, and without a password", () => {
    let problems: readonly string[] = [];
    let message = "";
    try {
      runWorker({
        redis: "http://user:secret@host",
        postgres: "mysql://user:secret@host",
        namespace: "Not A Namespace",
        sinks: [sink, sink],
        concurrency: 0,
        batchEventsMax: 1.5,
        heartbeatMs: 2_000,
        leaseMs: 3_000,
        id: "",
      });
    } catch (error) {
      expect(error).toMatchObject({ code: "E_OPTION" });
      ({ problems, message } = error as Error & { problems: string[] });
    }
    const about = ["redis", "postgres", "namespace", "sinks", "concurrency", "batchEventsMax", "heartbeatMs", "id"];
    expect(about.filter((name) => !problems.some((problem) => problem.startsWith(name)))).toEqual([]);
    expect(problems).toHaveLength(about.length);
    expect(message).not.toContain("secret");
  });

  test("without a sink are refused", () => {
    expect(() => resolveOptions({ ...good, sinks: [] })).toThrow("sinks is empty");
  });
});

describe("a table sink", () => {
  test("takes log, partitions and generation from the contract", () => {
    expect(sink).toMatchObject({ log: "preferences", partitions: 16 });
    expect([...sink.entities.keys()]).toEqual([1]);
  });

  test("of an entity without a log is refused", () => {
    expect(() => table({ entity: User, table: "users" })).toThrow(expect.objectContaining({ code: "E_PATTERN" }));
    expect(() => table({ entity: Profile, table: "profiles" })).toThrow(expect.objectContaining({ code: "E_PATTERN" }));
  });

  test.each(["", ".x", "x.", "a..b", "nul\0"])("with the table name %j is refused", (name) => {
    expect(() => table({ entity: Preferences, table: name })).toThrow(expect.objectContaining({ code: "E_OPTION" }));
  });
});
