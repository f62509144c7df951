import { entryKeys } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import type { Core, EntityContext } from "../src/context.ts";
import { type CacheEvent, Events } from "../src/events.ts";
import { loaded } from "../src/loaded.ts";
import { type Loader, type LoadRequest, runLoader } from "../src/loader.ts";
import { FakeClock } from "../src/testing/index.ts";
import { aUser, Preferences, somePreferences, User, type UserKey } from "./entities.ts";
import { outcomeOf } from "./outcome.ts";

function context<Key extends object, Value extends object>(
  entity: EntityContext<Key, Value>["entity"],
  load: unknown,
): { clock: FakeClock; events: CacheEvent[]; context: EntityContext<Key, Value> } {
  const clock = new FakeClock();
  const events = new Events();
  const heard: CacheEvent[] = [];
  events.on((event) => heard.push(event));
  // The loader touches no more of the core than this.
  const core = { clock, events, namespace: "" } as unknown as Core;
  const options = { load: load as Loader<Key, Value>, enabled: () => true, loadTimeoutMs: 10_000 };
  const versionProperty = entity.record.version;
  return { clock, events: heard, context: { core, entity, record: entity.record, options, versionProperty } };
}

const request: LoadRequest<UserKey, User> = {
  key: { id: 1 },
  keys: entryKeys(User.record, "", { id: 1 }),
  primary: false,
};

describe("loader", () => {
  test("gives the row, its version and how long it took", async () => {
    const {
      context: users,
      clock,
      events,
    } = context(User, async () => {
      await new Promise<void>((resolve) => void clock.schedule(30, resolve));
      return aUser(1, { version: 7 });
    });
    const loading = runLoader(users, request);
    await clock.advance(30);
    expect(await loading).toMatchObject({ version: 7, costMs: 30 });
    expect(events).toEqual([{ type: "load", entity: "user", outcome: "found", durationMs: 30 }]);
    expect(clock.pending).toBe(0);
  });

  test("null is a row that does not exist", async () => {
    const { context: users, events } = context(User, async () => null);
    expect((await runLoader(users, request)).value).toBeNull();
    expect(events).toMatchObject([{ outcome: "not_found" }]);
  });

  test("undefined and other breaches of its contract are E_LOADER", async () => {
    const breaches: unknown[] = [
      undefined,
      "row",
      aUser(2),
      aUser(1, { version: 0 }),
      loaded(aUser(1), { ttlMs: 0.5 }),
      loaded(undefined as unknown as User),
    ];
    for (const answer of breaches) {
      expect(await outcomeOf(runLoader(context(User, async () => answer).context, request))).toBe("E_LOADER");
    }
  });

  test("a write-behind row must come with its version, which is no field of it", async () => {
    const key = { userId: 1 };
    const behind = { key, keys: entryKeys(Preferences.record, "", key), primary: false };
    const row = somePreferences(1);
    expect(await outcomeOf(runLoader(context(Preferences, async () => row).context, behind))).toBe("E_LOADER");
    const versioned = context(Preferences, async () => loaded(row, { version: 9 }));
    expect(await runLoader(versioned.context, behind)).toMatchObject({ value: row, version: 9 });
  });

  test("an error is passed on as it is, also from a loader that is not async", async () => {
    const failure = new Error("connection refused");
    const { context: users, events } = context(User, () => {
      throw failure;
    });
    await expect(runLoader(users, request)).rejects.toBe(failure);
    expect(events).toMatchObject([{ outcome: "error" }]);
  });

  test("at its hard deadline the signal is aborted, the caller answered, and a later result dropped", async () => {
    let signal: AbortSignal | undefined;
    let finish: ((row: User) => void) | undefined;
    const {
      context: users,
      clock,
      events,
    } = context(User, (_key: UserKey, options: { signal: AbortSignal }) => {
      signal = options.signal;
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    const loading = outcomeOf(runLoader(users, request));
    await clock.advance(9_999);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(signal?.aborted).toBe(true);
    expect(await loading).toBe("E_LOAD_TIMEOUT");
    finish?.(aUser(1));
    await clock.advance(0);
    expect(events).toMatchObject([{ outcome: "timeout", durationMs: 10_000 }]);
  });

  test("a loader that fails because of its signal still ends in E_LOAD_TIMEOUT", async () => {
    const { context: users, clock } = context(
      User,
      (_key: UserKey, options: { signal: AbortSignal }) =>
        new Promise((_, reject) => options.signal.addEventListener("abort", () => reject(options.signal.reason))),
    );
    const loading = outcomeOf(runLoader(users, request));
    await clock.advance(10_000);
    expect(await loading).toBe("E_LOAD_TIMEOUT");
  });

  test("is ended early by the signal of whoever wants its row no more, and leaves no timer", async () => {
    const { context: users, clock } = context(User, () => new Promise(() => {}));
    const until = new AbortController();
    const loading = runLoader(users, { ...request, until: until.signal }).catch((reason: unknown) => reason);
    await clock.advance(1);
    until.abort("closing");
    expect(await loading).toBe("closing");
    expect(clock.pending).toBe(0);
  });

  test("does not begin for somebody who has gone already", async () => {
    let loads = 0;
    const { context: users, clock } = context(User, async () => {
      loads += 1;
      return null;
    });
    const loading = runLoader(users, { ...request, until: AbortSignal.abort("closed") });
    expect(await loading.catch((reason: unknown) => reason)).toBe("closed");
    expect([loads, clock.pending]).toEqual([0, 0]);
  });

  test("is told whether to read the primary and which copy it refreshes", async () => {
    const seen: unknown[] = [];
    const { context: users } = context(User, async (_key: UserKey, options: object) => {
      seen.push(options);
      return null;
    });
    await runLoader(users, request);
    await runLoader(users, { ...request, primary: true, stale: aUser(1) });
    expect(seen).toMatchObject([{ primary: false }, { primary: true, stale: { id: 1 } }]);
    expect(seen[0]).not.toHaveProperty("stale");
  });
});
