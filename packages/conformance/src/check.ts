import { isDeepStrictEqual } from "node:util";
import type { Reply, Request } from "./protocol.ts";

/** How a check speaks with the testee. */
export type Ask = (request: Request) => Promise<Reply>;

/** The testee that is checked, and another one beside it, whose bytes it must make. */
export interface Pair {
  readonly testee: Respondent;
  /** It is started when a check asks for it. */
  reference(): Promise<Respondent>;
}

/** Answers requests, in their order. */
export interface Respondent {
  readonly name: string;
  askAll(requests: readonly Request[]): Promise<readonly Reply[]>;
}

/** One thing that a testee must get right. */
export interface Check {
  /** Suite, case and variant: `values/user/basic/msgpack/generated`. Unique; known failures are listed by it. */
  readonly name: string;
  /** @throws {Mismatch} the testee got it wrong @throws {Skipped} it cannot do this */
  run(ask: Ask, pair: Pair): Promise<void>;
}

/** The message says what was expected and what came. Fixtures hold no secrets, so values may be in it. */
export class Mismatch extends Error {}

/** The message is the testee's own reason. */
export class Skipped extends Error {}

const SHOWN_CHARACTERS = 400;

/** Text of a message: long values are cut. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** What a request gives. */
export async function answer(ask: Ask, request: Request): Promise<Readonly<Record<string, unknown>>> {
  const reply = await ask(request);
  if ("skipped" in reply) throw new Skipped(`${request.op}: ${reply.skipped}`);
  if ("ok" in reply) return reply.ok;
  throw new Mismatch(`${request.op}: ${reply.error.code} instead of an answer: ${reply.error.message}`);
}

/** Demands that a request gives these members; others do not matter. */
export async function expectAnswer(
  ask: Ask,
  request: Request,
  expected: Readonly<Record<string, unknown>>,
): Promise<void> {
  const found = await answer(ask, request);
  for (const [name, value] of Object.entries(expected)) expectSame(`${request.op}: ${name}`, found[name], value);
}

/** Demands that a request is refused with this code. */
export async function expectError(ask: Ask, request: Request, code: string): Promise<void> {
  const reply = await ask(request);
  if ("skipped" in reply) throw new Skipped(`${request.op}: ${reply.skipped}`);
  if ("ok" in reply) throw new Mismatch(`${request.op}: an answer instead of ${code}: ${shown(reply.ok)}`);
  if (reply.error.code !== code) {
    throw new Mismatch(`${request.op}: ${reply.error.code} instead of ${code}: ${reply.error.message}`);
  }
}

export function expectSame(what: string, found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) {
    throw new Mismatch(`${what}: expected ${shown(expected)}, found ${shown(found)}`);
  }
}
