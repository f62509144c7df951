import { end, identify, type ProcessIdentity } from "./process-identity.ts";
import { Stack } from "./stack.ts";

// The program that hold.ts spawns: `guard <root> <pid of the holder>`, with a pipe from the holder as its input.
//
// The pipe closes when the holder ends, however it ends, `kill -9` included; then its hold on the stack is released.
// The holder may write lines `child <pid>`: a command that runs on its behalf and ends with it.

const CHILD_TIMEOUT_MS = 5_000;

const [root, holder] = process.argv.slice(2);
let child: ProcessIdentity | null = null;
let text = "";

// Whoever signals a whole process tree means the holder; its servers still need their release.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => {});

process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk: string) => {
  text += chunk;
  const pid = /^child (\d+)\n$/.exec(text)?.[1];
  if (pid !== undefined) child = identify(Number(pid));
});
process.stdin.on("close", () => void release());

async function release(): Promise<void> {
  if (child) await end(child, [{ signal: "SIGTERM", waitMs: CHILD_TIMEOUT_MS }]);
  await new Stack(root).release(Number(holder));
  process.exit(0);
}
