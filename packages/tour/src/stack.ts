import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseEnv, promisify, stripVTControlCharacters } from "node:util";
import { hold } from "@cachepact/dev-stack";

export const REPOSITORY: string = fileURLToPath(new URL("../../..", import.meta.url));

/** Where the dev-stack keeps its state: the environment of the services, the servers' data, the services' log. */
export const DEV_FOLDER: string = join(process.env.CACHEPACT_DEV_DIR ?? REPOSITORY, ".dev");

const STACK_COMMAND = join(REPOSITORY, "packages/dev-stack/src/main.ts");

/** The first start on a slow machine makes a Postgres cluster and seeds 10,000 users. */
const READY_WITHIN_MS = 180_000;

/** The services that answer, and the servers below them. */
export interface RunningStack {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly typescriptUrl: string;
  readonly pythonUrl: string;
  readonly workerUrl: string;
  readonly redisServer?: { stop(): Promise<void>; start(): Promise<void> };
}

/** The stack that runs now, by what `.dev/env` says and the services answer; undefined when a part is missing. */
export async function runningStack(): Promise<RunningStack | undefined> {
  const file = join(DEV_FOLDER, "env");
  if (!existsSync(file)) return undefined;
  const env = { ...parseEnv(readFileSync(file, "utf8")), ...process.env };
  const url = (port: string | undefined): string => `http://127.0.0.1:${port}`;
  const stack = {
    redisUrl: env.REDIS_URL ?? "",
    databaseUrl: env.DATABASE_URL ?? "",
    typescriptUrl: url(env.USER_API_PORT),
    pythonUrl: url(env.USER_API_PY_PORT),
    workerUrl: url(env.WRITEBACK_WORKER_PORT),
  };
  const services = [stack.typescriptUrl, stack.pythonUrl, stack.workerUrl];
  const ready = await Promise.all(
    services.map((service) =>
      fetch(`${service}/readyz`, { signal: AbortSignal.timeout(2000) }).then(
        (response) => response.ok,
        () => false,
      ),
    ),
  );
  if (!ready.every(Boolean)) return undefined;
  return process.env.REDIS_URL ? stack : { ...stack, redisServer: ownRedis };
}

/** Everything that `turbo run dev` starts: dev-stack, migrations, seed, three services with reload on change. */
export interface StartedStack {
  readonly stack: RunningStack;
  /** Settles when the services ended by themselves. */
  readonly ended: Promise<void>;
  /** Shows what the services log from now on; until then it goes only to the file. */
  follow(): void;
  stop(): Promise<void>;
}

/** Starts the stack and waits until every service answers. Rejects with the end of its log when it does not. */
export async function startStack(write: (text: string) => void): Promise<StartedStack> {
  // Claimed before turbo starts the servers, so that they end with us even if it never comes to its own keeper.
  const claim = await hold();
  const turbo = spawn("turbo", ["run", "dev", "--ui=stream"], {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...(process.stdout.isTTY ? { LOG_FORMAT: "pretty", FORCE_COLOR: "1" } : {}) },
  });
  mkdirSync(DEV_FOLDER, { recursive: true });
  const log = createWriteStream(join(DEV_FOLDER, "services.log"));
  const tail: string[] = [];
  let phase: "starting" | "quiet" | "following" = "starting";
  for (const stream of [turbo.stdout, turbo.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      log.write(`${line}\n`);
      tail.push(line);
      if (tail.length > 200) tail.shift();
      if (phase === "following") write(`${line}\n`);
      else if (phase === "starting") announce(line, write);
    });
  }
  const ended = new Promise<void>((resolve) => turbo.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    await stopProcess(turbo, ended);
    await claim.release();
  };

  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const stack = await runningStack();
    if (stack) {
      phase = "quiet";
      return { stack, ended, stop, follow: () => (phase = "following") };
    }
    const over = turbo.exitCode !== null || turbo.signalCode !== null;
    if (over || performance.now() > deadline) {
      await stop();
      const why = over
        ? `turbo run dev ended with ${turbo.exitCode ?? turbo.signalCode}`
        : `not ready within ${READY_WITHIN_MS / 1000} s`;
      throw new Error(`the stack did not start: ${why}\n${tail.join("\n")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** What a person wants to see of the start: servers, migrations, seed. */
function announce(line: string, write: (text: string) => void): void {
  const [, text] = /:(?:up|migrate|seed): (?!\$|cache )(.*)/.exec(stripVTControlCharacters(line)) ?? [];
  if (text) write(`   ${text}\n`);
}

async function stopProcess(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await ended;
  clearTimeout(timer);
}

/** The stack's own Redis: stopped and started again by the dev-stack, on the same port with the same data. */
const ownRedis = {
  stop: (): Promise<void> => devStack("down", "--only", "redis"),
  start: (): Promise<void> => devStack("up", "--transient"),
};

async function devStack(...args: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [STACK_COMMAND, ...args], { cwd: REPOSITORY, timeout: 60_000 });
}
