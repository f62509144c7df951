import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { hold, Stack } from "@cachepact/dev-stack";
import { announcement } from "./announce.ts";

export const REPOSITORY: string = fileURLToPath(new URL("../../..", import.meta.url));

/** Where the dev-stack keeps its state: the environment of the services, the servers' data, the services' log. */
export const DEV_FOLDER: string = join(process.env.CACHEPACT_DEV_DIR ?? REPOSITORY, ".dev");

/** Where the services listen if nobody else does. Chosen before turbo's `up`, which keeps the ports of a stack in use. */
const PORTS = { USER_API_PORT: 3001, USER_API_PY_PORT: 3002, WRITEBACK_WORKER_PORT: 3003 } as const;

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

/**
 * The stack of this folder that runs now, by what `.dev/env` says and the services answer; undefined when a part is
 * missing.
 */
export async function runningStack(): Promise<RunningStack | undefined> {
  const file = join(DEV_FOLDER, "env");
  if (!existsSync(file)) return undefined;
  const chosen = parseEnv(readFileSync(file, "utf8"));
  const env = { ...chosen, ...process.env };
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
  const { holders, kept, servers } = await new Stack().status();
  // Nobody uses this folder's stack, so what answers at the ports that it had last belongs to another one.
  if (holders.length === 0 && !kept) return undefined;
  for (const name of ["REDIS_URL", "DATABASE_URL"] as const) {
    if (env[name] !== chosen[name])
      throw new Error(`the running stack uses another server than ${name} names: end it first, or unset ${name}`);
  }
  // A foreign Redis, whoever named it, is not the tour's to stop.
  const own = servers.some(
    ({ name, state, url: at }) => name === "redis" && state === "running" && at === stack.redisUrl,
  );
  return own ? { ...stack, redisServer: ownRedis } : stack;
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

/**
 * Starts the stack and waits until every service answers. Rejects with the end of its log when it does not; gives
 * undefined, with everything stopped again, once `signal` is aborted.
 */
export async function startStack(
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<StartedStack | undefined> {
  // Claimed before turbo starts the servers, so that they end with us even if it never comes to its own keeper.
  const claim = await hold({ ports: PORTS });
  if (signal.aborted) {
    await claim.release();
    return undefined;
  }
  const turbo = spawn("turbo", ["run", "dev", "--ui=stream"], {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "pipe"],
    // Out of the terminal's reach: of Ctrl-C and our own SIGTERM, the second would kill the services in mid-request.
    detached: true,
    env: { ...process.env, ...(process.stdout.isTTY ? { LOG_FORMAT: "pretty", FORCE_COLOR: "1" } : {}) },
  });
  // If we are killed, the guard of the claim ends turbo as well.
  if (turbo.pid !== undefined) claim.watch(turbo.pid);
  mkdirSync(DEV_FOLDER, { recursive: true });
  const log = createWriteStream(join(DEV_FOLDER, "services.log"));
  const tail: string[] = [];
  let phase: "starting" | "quiet" | "following" = "starting";
  let failed: string | undefined;
  for (const stream of [turbo.stdout, turbo.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      log.write(`${line}\n`);
      tail.push(line);
      if (tail.length > 200) tail.shift();
      if (phase === "following") write(`${line}\n`);
      if (phase !== "starting") return;
      const said = announcement(line);
      if (said) write(`   ${said.text}\n`);
      failed ??= said?.ended;
    });
  }
  const ended = new Promise<void>((resolve) => turbo.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    await stopProcess(turbo, ended);
    await claim.release();
  };

  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    if (signal.aborted) {
      await stop();
      return undefined;
    }
    const stack = await runningStack();
    if (stack) {
      phase = "quiet";
      return { stack, ended, stop, follow: () => (phase = "following") };
    }
    if (failed !== undefined) {
      await stop();
      throw new Error(`the stack did not start: ${failed} has ended, for the reason above`);
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

async function stopProcess(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await ended;
  clearTimeout(timer);
}

/**
 * The stack's own Redis: stopped and started again by the dev-stack, on the same port with the same data. In this
 * process, because a Ctrl-C would end a command half-way.
 */
const ownRedis = {
  stop: async (): Promise<void> => void (await new Stack().down({ only: "redis" })),
  start: async (): Promise<void> => void (await new Stack().up({ keep: false })),
};
