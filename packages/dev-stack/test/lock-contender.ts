import { appendFileSync } from "node:fs";
import { setImmediate as yieldOnce } from "node:timers/promises";
import { withLock } from "../src/lock.ts";

// A program that enters and leaves a lock five times, for lock.test.ts.
const [path = "", journal = ""] = process.argv.slice(2);
for (let i = 0; i < 5; i++) {
  await withLock(path, 20_000, async () => {
    appendFileSync(journal, `enter ${process.pid}\n`);
    await yieldOnce();
    appendFileSync(journal, `leave ${process.pid}\n`);
  });
}
