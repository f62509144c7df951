import { type ChildProcessByStdio, spawn } from "node:child_process";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { fileURLToPath } from "node:url";
import { type Hello, isReply, PROTOCOL_VERSION, type Reply, type Request } from "./protocol.ts";

/** The repository's root: where testees start. */
export const REPOSITORY: string = fileURLToPath(new URL("../../../", import.meta.url));

/** The testees of this repository. */
export const TESTEES = ["typescript", "python"] as const;

/** How long one request may take, ms. A thousand times what the slowest takes; beyond it a testee hangs. */
export const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;

/** How long a testee may take to start and load its contracts, ms. A loaded machine may need seconds for an interpreter. */
export const DEFAULT_START_TIMEOUT_MS = 60_000;

/** Requests that are on their way at once: enough that neither side waits for the other. */
const WINDOW = 64;

/** What is kept of standard error, for messages. */
const STDERR_CHARACTERS = 2000;

/** How long a testee may take to end after `bye`, ms. */
const END_TIMEOUT_MS = 3000;

export interface TesteeOptions {
  /** The `cachepact.json` of the contract folder, or the folder. */
  readonly contracts: string;
  /** Default {@link DEFAULT_REQUEST_TIMEOUT_MS}. */
  readonly requestTimeoutMs?: number;
  /** Default {@link DEFAULT_START_TIMEOUT_MS}. */
  readonly startTimeoutMs?: number;
}

/** A testee that runs. It is started again when it ends, hangs or breaks the protocol. */
export interface Testee {
  /** The name or path by which it was started. */
  readonly name: string;
  /** What it said of itself. */
  readonly hello: Hello;
  /** How often it had to be started again. */
  readonly restarts: number;
  /** The reply; `runtime_error` when the testee crashed, hung or broke the protocol at this request. */
  ask(request: Request): Promise<Reply>;
  /** The replies in the order of the requests, which are sent without waiting for each other. */
  askAll(requests: readonly Request[]): Promise<Reply[]>;
  /** Ends the process. What is still asked gets `runtime_error`. */
  close(): Promise<void>;
}

/**
 * Starts a testee: `typescript`, `python`, or the path of any executable that speaks PROTOCOL.md.
 *
 * @throws {Error} it cannot be started, or refuses the contracts
 */
export async function startTestee(name: string, options: TesteeOptions): Promise<Testee> {
  const testee = new TesteeProcess(name, options);
  await testee.start();
  return testee;
}

function executable(name: string): string {
  if ((TESTEES as readonly string[]).includes(name)) return path.join(REPOSITORY, "packages/conformance/testees", name);
  return path.resolve(name);
}

interface Asked {
  readonly request: Request;
  readonly resolve: (reply: Reply) => void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

class TesteeProcess implements Testee {
  readonly name: string;
  hello: Hello = { impl: "", version: "", ops: [] };
  restarts = 0;
  readonly #contracts: string;
  readonly #requestTimeoutMs: number;
  readonly #startTimeoutMs: number;
  /** Asked and not answered, in order; the first `#sent` of them are on their way. */
  readonly #asked: Asked[] = [];
  #sent = 0;
  #nextId = 0;
  /** The id of the first that is asked. */
  #headId = 0;
  #child: Child | undefined;
  #stderr = "";
  #timer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;
  #greeted = false;
  #closing = false;

  constructor(name: string, options: TesteeOptions) {
    this.name = name;
    this.#contracts = path.resolve(options.contracts);
    this.#requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    this.#startTimeoutMs = options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS;
  }

  async start(): Promise<void> {
    await this.#spawn();
    if (this.#failure === undefined) return;
    this.#child?.kill("SIGKILL");
    throw this.#failure;
  }

  ask(request: Request): Promise<Reply> {
    return new Promise((resolve) => {
      this.#asked.push({ request, resolve });
      this.#proceed();
    });
  }

  askAll(requests: readonly Request[]): Promise<Reply[]> {
    return Promise.all(requests.map((request) => this.ask(request)));
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#fail(new Error("it was closed"));
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.stdin.end(`${JSON.stringify({ id: this.#nextId, op: "bye" })}\n`);
    const timer = setTimeout(() => child.kill("SIGKILL"), END_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  /** Starts the process and greets it; resolves when it has answered, or failed. */
  #spawn(): Promise<void> {
    this.#greeted = false;
    this.#stderr = "";
    this.#sent = 0;
    const child = spawn(executable(this.name), [], { cwd: REPOSITORY, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    return new Promise((resolve) => {
      const decoder = new StringDecoder("utf8");
      let rest = "";
      child.stdout.on("data", (chunk: Buffer) => {
        // Only LF ends a line: U+2028 and the like are text.
        const lines = (rest + decoder.write(chunk)).split("\n");
        rest = lines.pop() as string;
        for (const line of lines) if (this.#child === child) this.#receive(line, resolve);
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        this.#stderr = (this.#stderr + text).slice(-STDERR_CHARACTERS);
      });
      // A write to a process that has ended fails here; its end is reported below.
      child.stdin.on("error", () => undefined);
      child.on("error", (error) => this.#fail(new Error(`${this.name} cannot be started: ${error.message}`)));
      child.on("close", (code, signal) => {
        if (this.#child === child) this.#break(`it ended with ${signal ?? `exit code ${code}`}`);
        resolve();
      });
      this.#write({ op: "hello", protocol: PROTOCOL_VERSION, contracts: this.#contracts });
      this.#watch(this.#startTimeoutMs);
    });
  }

  #write(request: Request): void {
    this.#child?.stdin.write(`${JSON.stringify({ ...request, id: this.#nextId })}\n`);
    this.#nextId += 1;
  }

  #proceed(): void {
    if (this.#failure !== undefined) {
      const error = { code: "runtime_error", message: this.#failure.message };
      for (const { resolve } of this.#asked.splice(0)) resolve({ error });
      return;
    }
    if (this.#child === undefined) {
      this.restarts += 1;
      void this.#spawn();
      return;
    }
    if (!this.#greeted) return;
    while (this.#sent < Math.min(WINDOW, this.#asked.length)) {
      if (this.#sent === 0) {
        this.#headId = this.#nextId;
        this.#watch(this.#requestTimeoutMs);
      }
      this.#write((this.#asked[this.#sent] as Asked).request);
      this.#sent += 1;
    }
  }

  /** One line of standard output. */
  #receive(line: string, greeted: () => void): void {
    const expected = this.#greeted ? this.#headId : this.#nextId - 1;
    const reply = this.#greeted && this.#sent === 0 ? undefined : replyIn(line, expected);
    if (reply === undefined) {
      this.#break(`it printed what is no reply to request ${expected}: ${line.slice(0, 200)}`);
      return;
    }
    if (!this.#greeted) {
      this.#greet(reply);
      greeted();
      return;
    }
    this.#headId += 1;
    this.#sent -= 1;
    const { resolve } = this.#asked.shift() as Asked;
    if (this.#sent > 0) this.#timer?.refresh();
    else clearTimeout(this.#timer);
    resolve(reply);
    this.#proceed();
  }

  #greet(reply: Reply): void {
    clearTimeout(this.#timer);
    if ("ok" in reply) {
      this.hello = reply.ok as unknown as Hello;
      this.#greeted = true;
      this.#proceed();
    } else {
      const why = "error" in reply ? `${reply.error.code}: ${reply.error.message}` : reply.skipped;
      this.#fail(new Error(`${this.name} refuses the contracts: ${why}`));
      this.#child?.kill("SIGKILL");
    }
  }

  #watch(timeoutMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#break(`it did not answer within ${timeoutMs} ms`), timeoutMs);
  }

  /** The process is of no use any more: the request that it was at gets an error, the others go to a new one. */
  #break(what: string): void {
    clearTimeout(this.#timer);
    const child = this.#child;
    this.#child = undefined;
    child?.kill("SIGKILL");
    if (this.#closing) return;
    const said = this.#stderr.trim();
    const message = `${this.name}: ${what}${said === "" ? "" : `; standard error ends with: ${said}`}`;
    if (!this.#greeted) {
      // One that cannot even load its contracts would be started for ever.
      this.#fail(new Error(message));
      return;
    }
    const culprit = this.#sent > 0 ? this.#asked.shift() : undefined;
    this.#sent = 0;
    culprit?.resolve({ error: { code: "runtime_error", message } });
    if (this.#asked.length > 0) this.#proceed();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    clearTimeout(this.#timer);
    this.#proceed();
  }
}

function replyIn(line: string, id: number): Reply | undefined {
  try {
    const json: unknown = JSON.parse(line);
    if (!isReply(json) || json.id !== id) return undefined;
    const { id: _, ...reply } = json;
    return reply;
  } catch {
    return undefined;
  }
}
