import type { LuaScript } from "./lua-script.ts";
import type { ErrorRow, MetricRow } from "./vocabulary.ts";

const quote = (text: string): string => JSON.stringify(text);

function list(values: readonly (string | number)[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
}

function union(names: readonly string[]): string {
  return names.length === 0 ? " never" : names.map((name) => `\n  | ${quote(name)}`).join("");
}

function header(source: string): string {
  return `// Generated from ${source} by scripts/generate.ts. Do not edit.\n`;
}

/** A template literal that keeps the source readable in a diff. */
function template(text: string): string {
  return `\`${text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${")}\``;
}

export function typescriptErrors(rows: readonly ErrorRow[]): string {
  const entries = rows.map(
    (row) =>
      `  ${row.code}: {\n    retryable: ${row.retryable},\n    meaning: ${quote(row.meaning)},\n    remedy: ${quote(row.remedy)},\n  },\n`,
  );
  return `${header("vocabulary/errors.json")}
/** The closed list of error codes, the same in every language. */
export type ErrorCode =${union(rows.map((row) => row.code))};

export interface ErrorSpec {
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  readonly meaning: string;
  readonly remedy: string;
}

export const errors: Readonly<Record<ErrorCode, ErrorSpec>> = {
${entries.join("")}};
`;
}

export function typescriptMetrics(rows: readonly MetricRow[]): string {
  const entries = rows.map((row) => {
    const labels = Object.entries(row.labels).map(
      ([label, values]) => `      ${label}: ${values === null ? "null" : list(values)},\n`,
    );
    const written = labels.length === 0 ? "{}" : `{\n${labels.join("")}    }`;
    const buckets = row.buckets === undefined ? "" : `    buckets: ${list(row.buckets)},\n`;
    return `  ${row.name}: {\n    type: ${quote(row.type)},\n    help: ${quote(row.help)},\n    labels: ${written},\n${buckets}  },\n`;
  });
  return `${header("vocabulary/metrics.json")}
export interface MetricSpec {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** Label names with their closed set of values; null = names that the deployment's contracts close. */
  readonly labels: Readonly<Record<string, readonly string[] | null>>;
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

/** Every metric by name, the same in every language. \`MetricLabel\` gives the values of one label as a type. */
export const metrics = {
${entries.join("")}} as const;

export type MetricName = keyof typeof metrics;

/** The closed values of one label: \`MetricLabel<"cachepact_requests_total", "result">\` is \`"hit" | "stale" | …\`. */
export type MetricLabel<
  Name extends MetricName,
  Label extends keyof (typeof metrics)[Name]["labels"],
> = (typeof metrics)[Name]["labels"][Label] extends readonly (infer Value)[] ? Value : string;
`;
}

export function typescriptScripts(scripts: readonly LuaScript[]): string {
  const entries = scripts.map(
    (script) =>
      `  ${quote(script.name)}: {\n    name: ${quote(script.name)},\n    sha1: ${quote(script.sha1)},\n    keys: ${list(script.keys)},\n    argv: ${list(script.argv)},\n    source: ${template(script.source)},\n  },\n`,
  );
  return `${header("lua/*.lua")}
export type ScriptName =${union(scripts.map((script) => script.name))};

export interface Script {
  readonly name: ScriptName;
  /** What EVALSHA takes: SHA-1 of \`source\`, in hex. */
  readonly sha1: string;
  /** Names of KEYS in order, by the script's header comment. */
  readonly keys: readonly string[];
  readonly argv: readonly string[];
  readonly source: string;
}

/** Every Lua script by name: the closed list of what is sent to Redis. */
export const scripts: Readonly<Record<ScriptName, Script>> = {
${entries.join("")}};
`;
}
