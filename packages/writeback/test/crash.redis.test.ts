import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { accept } from "./accept.ts";
import { expectRows } from "./load.ts";
import { preferences, Stack, until, usersOf } from "./stack.ts";

const PROGRAM = fileURLToPath(new URL("crash-worker.ts", import.meta.url));

let stack: Stack;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  stack = await Stack.start();
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await stack.stopWorkers();
  await stack.reset();
});
afterAll(() => stack.close());

/** Starts a worker in a process of its own; it kills itself at the nth `point`. */
function startWorker(point: string, nth = 1): ChildProcess {
  const args = ["--conditions=@cachepact/source", PROGRAM, stack.redis.url, stack.postgres.url, point, String(nth)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "ignore", "inherit"] });
  children.add(child);
  return child;
}

/** How a process ended: a signal, when it was killed. */
async function ended(child: ChildProcess): Promise<NodeJS.Signals | null> {
  if (child.signalCode === null && child.exitCode === null) await once(child, "exit");
  return child.signalCode;
}

/** Lets a worker arm the log and stop, so that a backlog can be built. */
async function armed(): Promise<void> {
  const worker = stack.work();
  await stack.armed();
  await worker.stop();
}

describe("a worker killed in the middle of a batch", () => {
  test("after the read and before the commit: nothing is written, and the next worker writes all of it once", async () => {
    await armed();
    const versions = new Map<number, number>();
    for (const userId of usersOf(3, 50)) versions.set(userId, await accept(stack.client, userId, preferences(userId)));

    expect(await ended(startWorker("read"))).toBe("SIGKILL");
    expect((await stack.pool.query("select 1 from preferences")).rowCount).toBe(0);
    expect(await stack.backlog()).toBe(50);

    expect(await ended(startWorker("batch"))).toBe("SIGKILL");
    await expectRows(stack, versions);
    await stack.drained();
  });

  test("after the commit and before the acknowledgement: the next worker repeats it without a second effect", async () => {
    await armed();
    const versions = new Map<number, number>();
    for (const userId of usersOf(3, 50)) versions.set(userId, await accept(stack.client, userId, preferences(userId)));

    expect(await ended(startWorker("committed"))).toBe("SIGKILL");
    // In mid-batch: Postgres has it, Redis does not know.
    await expectRows(stack, versions);
    expect(await stack.backlog()).toBe(50);
    expect(await stack.marks()).toBe(50);

    expect(await ended(startWorker("batch"))).toBe("SIGKILL");
    await stack.drained();
    await expectRows(stack, versions);
  });

  test("again and again while writes go on: nothing is lost, nothing is written twice", async () => {
    await armed();
    const versions = new Map<number, number>();
    const enough = new AbortController();
    const writer = (async () => {
      for (let i = 0; !enough.signal.aborted; i++) {
        const userId = 1 + (i % 97);
        versions.set(userId, await accept(stack.client, userId, preferences(userId, `v${i}`)));
      }
    })();
    const points = ["committed", "read", "committed", "claimed", "armed", "batch"];
    const signals = [];
    for (const [i, point] of points.entries()) signals.push(await ended(startWorker(point, 1 + 3 * i)));
    enough.abort();
    await writer;
    expect(signals).toEqual(points.map(() => "SIGKILL"));

    stack.work();
    await stack.drained();
    await expectRows(stack, versions);
    expect(versions.size).toBeGreaterThan(20);
  });

  test("beside another one: the other takes its partitions when their leases end", async () => {
    const survivor = stack.work();
    await stack.armed();
    const victim = startWorker("batch", 10_000);
    await until("shares of 8", () => survivor.status().logs[0]?.partitionsOwned === 8);
    await until("the victim to own the rest", async () => {
      const { rows } = await stack.pool.query(
        "select count(*)::integer as count from wb_part where owner is not null and owner <> $1",
        [survivor.id],
      );
      return rows[0]?.count === 8;
    });
    victim.kill("SIGKILL");
    expect(await ended(victim)).toBe("SIGKILL");
    const versions = new Map<number, number>();
    for (let userId = 1; userId <= 64; userId++)
      versions.set(userId, await accept(stack.client, userId, preferences(userId)));
    await until("the survivor to own all", () => survivor.status().logs[0]?.partitionsOwned === 16);
    await stack.drained();
    await expectRows(stack, versions);
  });
});
