import { CachepactError, checkNamespace, isCachepactError } from "@cachepact/wire";
import { z } from "zod";

export const DEFAULT_PORT = 3003;
/** Loopback: a service that should be reached from elsewhere says so with HOST. */
export const DEFAULT_HOST = "127.0.0.1";
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
/** `auto` = `pretty` when a terminal watches, else `json`. */
export const LOG_FORMATS = ["auto", "json", "pretty"] as const;

/** What the service takes from its environment, validated. The two URLs may hold passwords: print `describe(config)`. */
export interface Config {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  /** Prefix of every key; the same as that of the services that write. Default: none. */
  readonly namespace: string;
  readonly host: string;
  /** Of `/healthz`, `/readyz` and `/metrics`. 0 = any free port; the log names it. */
  readonly port: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly logFormat: (typeof LOG_FORMATS)[number];
}

const PORT_RANGE = { error: "must be a whole number from 0 to 65535" };

const databaseUrl = url("postgres://user:password@host:5432/name", ["postgres:", "postgresql:"]);

const environment = z.object({
  REDIS_URL: url("redis://host:6379", ["redis:", "rediss:"]),
  DATABASE_URL: databaseUrl,
  CACHE_NAMESPACE: z.string().default("").refine(isNamespace, {
    error: "must be 1 to 40 characters of a-z, 0-9, '-', '_' and '.', beginning with a letter, or empty",
  }),
  HOST: z.string().default(DEFAULT_HOST),
  WRITEBACK_WORKER_PORT: z
    .string()
    .regex(/^\d{1,5}$/, PORT_RANGE)
    .transform(Number)
    .refine((port) => port <= 65_535, PORT_RANGE)
    .default(DEFAULT_PORT),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(", ")}` }).default("info"),
  LOG_FORMAT: z.enum(LOG_FORMATS, { error: `must be one of ${LOG_FORMATS.join(", ")}` }).default("auto"),
});

/**
 * Reads the configuration from environment variables. An empty variable counts as absent.
 *
 * @throws {CachepactError} E_CONFIG; its `problems` list everything that is wrong, and never a value.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const read = parse(environment, env);
  return {
    redisUrl: read.REDIS_URL,
    databaseUrl: read.DATABASE_URL,
    namespace: read.CACHE_NAMESPACE,
    host: read.HOST,
    port: read.WRITEBACK_WORKER_PORT,
    logLevel: read.LOG_LEVEL,
    logFormat: read.LOG_FORMAT,
  };
}

/** Only DATABASE_URL, for the migrations. */
export function loadDatabaseUrl(env: Readonly<Record<string, string | undefined>>): string {
  return parse(z.object({ DATABASE_URL: databaseUrl }), env).DATABASE_URL;
}

/** The configuration as a log may show it: without user names, passwords and parameters of the URLs. */
export function describe(config: Config): Record<string, string | number> {
  return { ...config, redisUrl: redact(config.redisUrl), databaseUrl: redact(config.databaseUrl) };
}

/** Ends the process with code 1 and says why on stderr, every problem on a line of its own. */
export function printAndExit(program: string, error: unknown): never {
  const problems = isCachepactError(error) ? (error.problems ?? []) : [];
  process.stderr.write(
    `${[`${program}: ${String(error)}`, ...problems.map((problem) => `  ${problem}`)].join("\n")}\n`,
  );
  process.exit(1);
}

function url(example: string, protocols: readonly string[]): z.ZodString {
  return z.string({ error: `is missing: set it to something like ${example}` }).refine(
    (text) => {
      const parsed = URL.canParse(text) ? new URL(text) : undefined;
      if (parsed === undefined || !protocols.includes(parsed.protocol) || parsed.hostname === "") return false;
      if (!protocols.includes("redis:")) return true;
      // Options of the client come from code, not from a URL; a database is named by its number.
      return parsed.search === "" && parsed.hash === "" && /^(\/\d{0,9})?$/.test(parsed.pathname);
    },
    { error: `must be a URL like ${example}` },
  );
}

function isNamespace(text: string): boolean {
  try {
    if (text !== "") checkNamespace(text);
    return true;
  } catch {
    return false;
  }
}

function parse<T extends z.ZodObject>(schema: T, env: Readonly<Record<string, string | undefined>>): z.output<T> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const result = schema.safeParse(present);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  throw new CachepactError("E_CONFIG", "the environment is wrong, correct each of these variables:", { problems });
}

function redact(text: string): string {
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname}`;
}
