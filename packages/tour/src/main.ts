import { TourFailure } from "./expect.ts";
import { runningStack, type StartedStack, startStack } from "./stack.ts";
import { runTour } from "./tour.ts";

/** As shells say it: 128 + SIGINT. */
const INTERRUPTED = 130;

const write = (text: string): void => void process.stdout.write(text);
const mode = process.argv[2];
if (mode !== "start" && mode !== "tour") {
  process.stderr.write(
    "usage: main.ts start | tour\n  start  runs the stack, takes the tour and keeps serving\n  tour   takes the tour of the running stack, else of one that it starts and stops\n",
  );
  process.exit(2);
}

let started: StartedStack | undefined;
const interruption = new AbortController();
const interrupted = new Promise<"interrupted">((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // Asked twice: whatever is left is ended by the guard of the stack.
      if (interruption.signal.aborted) process.exit(INTERRUPTED);
      interruption.abort();
      write("\nStopping …\n");
      resolve("interrupted");
    });
  }
});

/** The exit code: 0 as promised, 1 not, 130 interrupted. */
async function main(): Promise<number> {
  const running = await runningStack();
  if (running && mode === "start") {
    write("The stack is running already; here is its tour.\n");
  }
  if (!running) {
    write("Starting Redis, Postgres and the services (their log is .dev/services.log) …\n");
    started = await startStack(write, interruption.signal);
  }
  const stack = running ?? started?.stack;
  if (!stack) return INTERRUPTED;
  // To its end even when interrupted: only then is a Redis that it stopped running again.
  const outcome = await runTour(stack, write, interruption.signal);
  if (outcome === "interrupted") return INTERRUPTED;
  if (mode === "tour" || !started) return 0;

  write(
    `\nServing until Ctrl-C:\n   TypeScript  ${stack.typescriptUrl}/docs\n   Python      ${stack.pythonUrl}/docs\n   worker      ${stack.workerUrl}/metrics\n\n`,
  );
  started.follow();
  return (await Promise.race([interrupted, started.ended])) === "interrupted" ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(
    `\n${error instanceof TourFailure ? `The tour FAILED: ${error.message}` : String(error instanceof Error ? error.message : error)}\n`,
  );
  process.exitCode = 1;
} finally {
  await started?.stop();
}
process.exit();
