import { randomInt } from "node:crypto";
import { expect } from "vitest";
import { accept } from "./accept.ts";
import { preferences, type Stack } from "./stack.ts";

/** Writes to random users until `act` is done; gives the last accepted version of each. */
export async function writeDuring(stack: Stack, act: () => Promise<void>): Promise<Map<number, number>> {
  const last = new Map<number, number>();
  const enough = new AbortController();
  const writer = (async () => {
    while (!enough.signal.aborted) {
      const userId = randomInt(1, 500);
      last.set(userId, await accept(stack.client, userId, preferences(userId, `v${last.size}`)));
    }
  })();
  try {
    await act();
  } finally {
    enough.abort();
    await writer;
  }
  return last;
}

/** Each row has its last accepted version, and no version was written to a row twice. */
export async function expectRows(stack: Stack, versions: ReadonlyMap<number, number>): Promise<void> {
  const { rows } = await stack.pool.query("select id, ver from preferences");
  const found = new Map(rows.map((row) => [Number(row.id), Number(row.ver)]));
  expect([...versions].filter(([userId, version]) => found.get(userId) !== version)).toEqual([]);
  // The version is the stream id: an event that took effect twice would have written it twice.
  const repeated = await stack.pool.query("select id, ver from row_writes group by id, ver having count(*) > 1");
  expect(repeated.rows).toEqual([]);
  expect(versions.size).toBeGreaterThan(0);
}
