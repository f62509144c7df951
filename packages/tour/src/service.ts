import { expect } from "./expect.ts";

/** An answer of one of the two HTTP services. */
export interface Answer {
  readonly status: number;
  /** Where the service says that its answer came from: the header `X-Cache`. */
  readonly cache: string;
  readonly headers: Headers;
  readonly text: string;
  readonly ms: number;
}

/** One HTTP service, by the name that the tour prints. */
export interface Service {
  readonly name: string;
  readonly url: string;
  request(method: "GET" | "PUT" | "POST" | "DELETE", path: string, body?: string): Promise<Answer>;
  /** GET that must answer 200. */
  get(path: string): Promise<Answer>;
}

/** A service that takes longer than this to answer hangs. */
const ANSWER_WITHIN_MS = 10_000;

/** @param signal once aborted, requests fail at once. */
export function createService(name: string, url: string, signal: AbortSignal): Service {
  const request: Service["request"] = async (method, path, body) => {
    const started = performance.now();
    const response = await fetch(url + path, {
      method,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    const ms = performance.now() - started;
    return {
      status: response.status,
      cache: response.headers.get("x-cache") ?? "",
      headers: response.headers,
      text,
      ms,
    };
  };
  return {
    name,
    url,
    request,
    async get(path) {
      const answer = await request("GET", path);
      expect(answer.status === 200, `${name} answers GET ${path} with 200, got ${answer.status}: ${answer.text}`);
      return answer;
    },
  };
}
