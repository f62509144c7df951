#!/usr/bin/env node
import { Command } from "commander";
import { DevStackError } from "./errors.ts";
import { withoutPassword } from "./given-server.ts";
import { hold } from "./hold.ts";
import { parsePort } from "./port.ts";
import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";
import { endWithParent, runWithStack } from "./run.ts";
import { Stack, type StackStatus } from "./stack.ts";
import { serveTemporary } from "./temporary-command.ts";

type Pairs = Readonly<Record<string, string>>;

const program = new Command("cachepact-dev-stack")
  .description("A real Redis-compatible server and a real Postgres for development and tests: no Docker, no root.")
  .enablePositionalOptions()
  .showHelpAfterError();

const PORT_HELP = "choose a free port for a service, the given one if possible, and put it into .dev/env";

program
  .command("up")
  .description("start the servers and return; they stay until `down`")
  .option("--port <name=port>", PORT_HELP, pair, {})
  .option("--transient", "let them stop when the last `hold` or `run` leaves")
  .action(async (options: { port: Pairs; transient?: true }) => {
    const stack = new Stack();
    await stack.up({ ports: portsOf(options.port), keep: options.transient !== true });
    print(await stack.status());
  });

program
  .command("down")
  .description("stop the servers; their data stays")
  .option("--only <server>", "stop only `redis` or `postgres`", server)
  .action(async (options: { only?: "redis" | "postgres" }) => {
    const stopped = await new Stack().down(options);
    process.stdout.write(stopped.length > 0 ? `stopped ${stopped.join(" and ")}\n` : "nothing was running\n");
  });

program
  .command("hold")
  .description("start the servers and stay; they stop when the last holder ends, however it ends")
  .option("--port <name=port>", PORT_HELP, pair, {})
  .action(async (options: { port: Pairs }) => {
    // Listened to from the start: a signal that comes while the servers start is obeyed once they have started.
    const told = new Promise<void>((resolve) => {
      for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => resolve());
      endWithParent(resolve);
    });
    const claim = await hold({ ports: portsOf(options.port) });
    print(await new Stack().status());
    const awake = setInterval(() => {}, 60_000);
    await told;
    clearInterval(awake);
    await claim.release();
  });

program
  .command("run")
  .description("start the servers, run a command with REDIS_URL, DATABASE_URL and the ports set, release the servers")
  .option("--port <name=port>", PORT_HELP, pair, {})
  .argument("<command...>")
  .passThroughOptions()
  .action(async ([command = "", ...args]: string[], options: { port: Pairs }) => {
    process.exitCode = await runWithStack(command, args, { ports: portsOf(options.port) });
  });

program
  .command("status")
  .description("show what runs; exit code 1 if a server is down")
  .option("--json", "as JSON")
  .action(async (options: { json?: true }) => {
    const status = await new Stack().status();
    if (options.json) process.stdout.write(`${JSON.stringify(status)}\n`);
    else print(status);
    if (status.servers.some(({ state }) => state === "down" || state === "silent")) process.exitCode = 1;
  });

program
  .command("redis")
  .description('run a temporary server: prints {"url","port","pid"}, lives until its input closes')
  .option("--config <name=value>", "a setting of its configuration file, repeatable", pair, {})
  .action(async (options: { config: Pairs }) => serveTemporary(await startRedis({ config: options.config })));

program
  .command("postgres")
  .description('run a temporary server: prints {"url","port","pid"}, lives until its input closes')
  .option("--database <name>", "create this database")
  .action(async (options: { database?: string }) => serveTemporary(await startPostgres(options)));

/** Collects the values of a repeatable option. */
function pair(text: string, before: Pairs): Pairs {
  const [, name, value] = /^([^=\s]+)=([\s\S]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new DevStackError(`Expected name=value, found ${JSON.stringify(text)}.`);
  }
  return { ...before, [name]: value };
}

function server(text: string): "redis" | "postgres" {
  if (text === "redis" || text === "postgres") return text;
  throw new DevStackError(`--only takes redis or postgres, found ${JSON.stringify(text)}.`);
}

function portsOf(pairs: Pairs): Record<string, number> {
  const entries = Object.entries(pairs).map(([name, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new DevStackError(`--port ${name}=${value}: ${name} is no name of a variable.`);
    return [name, parsePort(value, `--port ${name}`)] as const;
  });
  return Object.fromEntries(entries);
}

function print(status: StackStatus): void {
  const lines = status.servers.map(({ name, state, url, version, pid }) =>
    [name.padEnd(9), state.padEnd(8), url && withoutPassword(url), version, pid && `pid ${pid}`]
      .filter(Boolean)
      .join(" "),
  );
  for (const [name, value] of Object.entries(status.environment)) {
    if (name !== "REDIS_URL" && name !== "DATABASE_URL") lines.push(`${name} ${value}`);
  }
  if (status.holders.length > 0) lines.push(`held by   ${status.holders.map((pid) => `pid ${pid}`).join(", ")}`);
  process.stdout.write(`${lines.join("\n")}\n`);
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof DevStackError)) throw error;
  process.stderr.write(`cachepact-dev-stack: ${error.message}\n`);
  process.exitCode = 1;
}
