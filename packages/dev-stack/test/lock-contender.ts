import { appendFileSync } from "node:fs";
import { setImmediate as yieldOnce } from "node:timers/promises";
import { withLock } from "../src/lock.ts";

// A program for lock.test.ts: takes the lock and dies with it, so that the next one must take it from the dead.
const [path = "", journal = "", startAt = ""] = process.argv.slice(2);
while (Date.now() < Number(startAt));
await withLock(path, 20_000, async () => {
  appendFileSync(journal, `enter ${process.pid}\n`);
  for (let i = 0; i < 50; i++) await yieldOnce();
  appendFileSync(journal, `leave ${process.pid}\n`);
  process.exit(0);
});
