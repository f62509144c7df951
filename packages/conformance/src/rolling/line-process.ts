import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT: string = fileURLToPath(new URL("../../../../", import.meta.url));

/** How a TypeScript program of this package is run from its source, with more flags of Node. */
export function typescript(program: string, ...flags: readonly string[]): readonly string[] {
  return [process.execPath, "--conditions=@cachepact/source", ...flags, `${ROOT}packages/conformance/${program}`];
}

/** How a Python program of this package is run. */
export function python(program: string): readonly string[] {
  return [`${ROOT}.venv/bin/python`, `${ROOT}packages/conformance/${program}`];
}

/** A refusal, or the members of the answer. */
export type Outcome =
  | { readonly ok: Readonly<Record<string, unknown>> }
  | { readonly error: { readonly code: string; readonly message: string } };

/** How long one answer may take, in ms. Nothing here takes a tenth of it; beyond it the process hangs. */
const ANSWER_TIMEOUT_MS = 60_000;
const CLOSE_TIMEOUT_MS = 5_000;

/** A process that answers NDJSON requests by their `id`, in any order, after a line `{"ready": true}`. */
export class LineProcess {
  readonly #name: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #asked = new Map<number, (outcome: Outcome) => void>();
  readonly #ended: Promise<void>;
  #nextId = 1;
  #complaints = "";

  /** Starts it and waits until it is ready. @throws {Error} it ended instead, with the end of its standard error */
  static async start(name: string, command: readonly string[]): Promise<LineProcess> {
    const started = new LineProcess(name, command);
    const ready = await started.#answerTo(0);
    if ("error" in ready) throw new Error(`${name} did not start: ${ready.error.message}`);
    return started;
  }

  private constructor(name: string, [command = "", ...args]: readonly string[]) {
    this.#name = name;
    this.#child = spawn(command, args, { cwd: ROOT, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-4_000);
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      const { id = 0, ...outcome } = JSON.parse(line);
      this.#asked.get(id)?.("ready" in outcome ? { ok: {} } : outcome);
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => this.#fail(error.message));
      this.#child.once("close", (code, signal) => {
        this.#fail(`it ended with ${code ?? signal}: ${this.#complaints}`);
        resolve();
      });
    });
    // A write to a process that has ended fails here; its end is answered above.
    this.#child.stdin.on("error", () => undefined);
  }

  /** The answer; `runtime_error` when the process ended or hangs. */
  ask(request: Readonly<Record<string, unknown>>): Promise<Outcome> {
    const id = this.#nextId++;
    this.#child.stdin.write(`${JSON.stringify({ ...request, id })}\n`);
    return this.#answerTo(id);
  }

  /** Lets it end by itself, and waits for that. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), CLOSE_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #answerTo(id: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#fail(`it did not answer within ${ANSWER_TIMEOUT_MS} ms`), ANSWER_TIMEOUT_MS);
      this.#asked.set(id, (outcome) => {
        clearTimeout(timer);
        this.#asked.delete(id);
        resolve(outcome);
      });
    });
  }

  #fail(what: string): void {
    const error = { code: "runtime_error", message: `${this.#name}: ${what}` };
    for (const answer of this.#asked.values()) answer({ error });
  }
}
