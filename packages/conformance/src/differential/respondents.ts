import type { CodecPath } from "@cachepact/wire";
import type { Reply, Request } from "../protocol.ts";

/** One running testee, as far as a differential test needs it: requests in, replies in their order. */
export interface Respondent {
  readonly name: string;
  askAll(requests: readonly Request[]): Promise<readonly Reply[]>;
}

/** What one respondent said on one path, in a form that can be compared. */
export interface Answer {
  /** `typescript generated`, `python interpreter`, … */
  readonly by: string;
  readonly reply: Reply;
}

/** Both ways through a codec. */
const BOTH: readonly CodecPath[] = ["generated", "interpreter"];

/** Asks every respondent every request on both paths, all at once; the answers to each request. */
export function askOnBothPaths(
  respondents: readonly Respondent[],
  requests: readonly Request[],
): Promise<readonly (readonly Answer[])[]> {
  return ask(
    respondents,
    requests,
    BOTH.map((path) => ({ path })),
  );
}

/** Asks every respondent every request of an op that knows no paths. */
export function askEveryone(
  respondents: readonly Respondent[],
  requests: readonly Request[],
): Promise<readonly (readonly Answer[])[]> {
  return ask(respondents, requests, [{}]);
}

async function ask(
  respondents: readonly Respondent[],
  requests: readonly Request[],
  ways: readonly { readonly path?: CodecPath }[],
): Promise<readonly (readonly Answer[])[]> {
  const asked = await Promise.all(
    respondents.map(async (respondent) => {
      const replies = await respondent.askAll(
        requests.flatMap((request) => ways.map((way) => ({ ...request, ...way }))),
      );
      return { name: respondent.name, replies };
    }),
  );
  return requests.map((_, index) =>
    asked.flatMap(({ name, replies }) =>
      ways.map(({ path }, at) => ({
        by: path === undefined ? name : `${name} ${path}`,
        reply: replies[index * ways.length + at] as Reply,
      })),
    ),
  );
}

/** A reply in short: `ok …`, `error E_…`, or what is always a failure. */
export function verdict(reply: Reply, ok: (result: Readonly<Record<string, unknown>>) => string): string {
  if ("ok" in reply) return `ok ${ok(reply.ok)}`;
  if ("error" in reply) return `error ${reply.error.code}`;
  return `failure ${JSON.stringify(reply).slice(0, 300)}`;
}

/** Whether a verdict is a legal outcome at all, and not that of a crash, a time-out or a refusal to answer. */
export function isLegal(found: string): boolean {
  return found.startsWith("ok ") || /^error E_[A-Z0-9_]+$/.test(found);
}

/**
 * What is wrong with verdicts of which all must be one, and `expected` if it is given; undefined = nothing.
 *
 * @param asked What was asked, for the report.
 */
export function discord(
  asked: string,
  verdicts: readonly (readonly [by: string, verdict: string])[],
  expected?: string,
): string | undefined {
  const wanted = expected ?? verdicts[0]?.[1];
  if (verdicts.length > 0 && verdicts.every(([, found]) => found === wanted && isLegal(found))) return undefined;
  const lines = verdicts.map(([by, found]) => `  ${by}: ${shortened(found)}`);
  return [`${asked}:`, ...lines, ...(expected === undefined ? [] : [`  expected: ${shortened(expected)}`])].join("\n");
}

function shortened(text: string): string {
  return text.length <= 1500 ? text : `${text.slice(0, 1500)}… (${text.length} characters)`;
}
